/** A button for what cannot be taken back: the first press asks, the second one does it. */
import { useEffect, useState } from "preact/hooks";

/** Without a second press it is as if nothing had been said. */
const ASK_MS = 5_000;

interface ConfirmButtonProps {
  readonly children: string;
  /** The question, short. */
  readonly ask: string;
  /** What it is about, for those who do not see where the button stands. */
  readonly about: string;
  readonly busy: boolean;
  readonly testId: string;
  readonly onConfirm: () => void;
}

export function ConfirmButton({ children, ask, about, busy, testId, onConfirm }: ConfirmButtonProps) {
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    if (!asking) return;
    const timer = setTimeout(() => setAsking(false), ASK_MS);
    return () => clearTimeout(timer);
  }, [asking]);
  const press = () => {
    setAsking(!asking);
    if (asking) onConfirm();
  };
  return (
    <button
      type="button"
      class="quiet-button"
      data-testid={testId}
      data-asking={asking}
      disabled={busy}
      aria-label={`${asking ? ask : children} ${about}`}
      onClick={press}
      onBlur={() => setAsking(false)}
    >
      {asking ? ask : children}
    </button>
  );
}
