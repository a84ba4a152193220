/** Whose page it is, how fresh what it shows is, and the way out. */
import { Mark } from "../../parts/icons.tsx";
import type { AdminError } from "../state/api.ts";

interface HeaderProps {
  /** Null until the first answer. */
  readonly version: string | null;
  readonly nowMs: number | null;
  readonly error: AdminError | null;
  readonly onSignOut: () => void;
}

export function Header({ version, nowMs, error, onSignOut }: HeaderProps) {
  return (
    <header class="head">
      <span class="brand">
        <Mark />
        EdgeRTC
      </span>
      <p class="freshness" data-testid="freshness" role="status">
        {error === null ? (
          <>
            <span class="pulse" />
            {nowMs === null ? "Asking the edge" : `Live · ${version}`}
          </>
        ) : (
          <>
            <span class="pulse off" />
            {error.message} {nowMs !== null && `This is of ${new Date(nowMs).toLocaleTimeString()}.`}
          </>
        )}
      </p>
      <button type="button" class="quiet-button" onClick={onSignOut}>
        Sign out
      </button>
    </header>
  );
}
