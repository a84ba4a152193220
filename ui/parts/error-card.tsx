/** An error as a card: what happened, what to do about it, and a button that does it where there is one. */
import type { CallError } from "../../client/index.ts";
import { AlertIcon } from "./icons.tsx";

interface ErrorCardProps {
  readonly error: CallError;
  /** The page asks again by itself. */
  readonly waiting: boolean;
  readonly onRetry: () => void;
}

export function ErrorCard({ error, waiting, onRetry }: ErrorCardProps) {
  return (
    <div class="error-card" data-testid="error" data-code={error.code} role="alert">
      <AlertIcon />
      <div>
        <p class="what">{whatOf(error)}</p>
        <p class="fix">
          <Fix text={error.fix} />
          {waiting && " This page keeps looking for one."}
        </p>
        <button type="button" class="small-button" data-testid="retry" onClick={onRetry}>
          Try again
        </button>
      </div>
    </div>
  );
}

function whatOf({ message, code, limit }: CallError): string {
  if (code !== "concurrency_limit_reached" || limit === undefined) return message;
  return `${message} This stream takes ${limit === 1 ? "one call" : `${limit} calls`} at a time.`;
}

/** Backticks in the catalogue's sentences mark commands and names. */
function Fix({ text }: { readonly text: string }) {
  // Splitting at backticks makes every second part a quoted one.
  return <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code key={part}>{part}</code> : part))}</>;
}
