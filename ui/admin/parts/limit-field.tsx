/** A stream's limit, to be changed while calls run. */
import { useState } from "preact/hooks";
import { MAX_OPERATOR_LIMIT, type StreamOverview } from "../../../shared/admin.ts";
import { useAction } from "../hooks/use-action.ts";
import type { AdminApi } from "../state/api.ts";

interface LimitFieldProps {
  readonly stream: StreamOverview;
  readonly api: AdminApi;
  readonly onChanged: () => void;
}

export function LimitField({
  stream: { name, limit, descriptorLimit, operatorLimit },
  api,
  onChanged,
}: LimitFieldProps) {
  /** What is typed; null while nothing is. */
  const [draft, setDraft] = useState<string | null>(null);
  const { busy, error, run } = useAction();
  const wanted = draft === null ? null : parseLimit(draft);
  const set = (to: number | null) =>
    run(
      () => api.setLimit(name, to),
      () => {
        setDraft(null);
        onChanged();
      },
    );
  const submit = (event: Event) => {
    event.preventDefault();
    if (wanted !== null) set(wanted);
  };
  return (
    <form class="limit" onSubmit={submit}>
      <label>
        <span class="soft">Limit</span>
        <input
          type="number"
          inputMode="numeric"
          min={0}
          max={MAX_OPERATOR_LIMIT}
          step={1}
          data-testid="limit"
          aria-label={`Limit of ${name}`}
          aria-invalid={draft !== null && wanted === null}
          value={draft ?? String(limit)}
          onInput={(event) => setDraft(event.currentTarget.value)}
        />
      </label>
      {draft !== null && wanted !== limit ? (
        <button type="submit" class="small-button" data-testid="limit-set" disabled={busy || wanted === null}>
          Set
        </button>
      ) : (
        operatorLimit !== null && (
          <button
            type="button"
            class="quiet-button"
            data-testid="limit-reset"
            disabled={busy}
            title={`Back to the build's ${descriptorLimit}`}
            aria-label={`Limit of ${name} back to the build's ${descriptorLimit}`}
            onClick={() => set(null)}
          >
            Reset to {descriptorLimit}
          </button>
        )
      )}
      {error !== null && (
        <p class="failed" role="alert">
          {error.message} {error.fix}
        </p>
      )}
    </form>
  );
}

function parseLimit(text: string): number | null {
  const value = Number(text);
  return /^\d+$/.test(text.trim()) && value <= MAX_OPERATOR_LIMIT ? value : null;
}
