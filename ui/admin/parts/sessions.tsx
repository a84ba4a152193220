/** The sessions of one stream, in a dialog: who has been there for how long, on which node; and the way to end one. */
import { useCallback, useEffect, useRef } from "preact/hooks";
import type { SessionListing } from "../../../shared/admin.ts";
import { CloseIcon } from "../../parts/icons.tsx";
import { useAction } from "../hooks/use-action.ts";
import { useLive } from "../hooks/use-live.ts";
import type { AdminApi } from "../state/api.ts";
import { clock } from "../state/format.ts";
import { ConfirmButton } from "./confirm-button.tsx";

interface SessionsProps {
  readonly stream: string;
  readonly api: AdminApi;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

export function Sessions({ stream, api, onClose, onChanged }: SessionsProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const read = useCallback(
    async (signal: AbortSignal) => ({ page: await api.sessions(stream, signal), nowMs: Date.now() }),
    [api, stream],
  );
  const { value, error, refresh } = useLive(read);
  useEffect(() => dialog.current?.showModal(), []);
  const changed = () => {
    refresh();
    onChanged();
  };
  return (
    <dialog ref={dialog} class="sessions" data-testid="sessions" aria-labelledby="sessions-title" onClose={onClose}>
      <header>
        <h2 id="sessions-title">Sessions of {stream}</h2>
        <button type="button" class="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
          <CloseIcon />
        </button>
      </header>
      {error !== null && (
        <p class="failed" role="alert">
          {error.message} {error.fix}
        </p>
      )}
      {value !== null && value.page.sessions.length === 0 && (
        <p class="soft empty">Nobody is talking here right now.</p>
      )}
      <ul class="rows">
        {value?.page.sessions.map((session) => (
          <SessionRow key={session.sid} session={session} nowMs={value.nowMs} api={api} onChanged={changed} />
        ))}
      </ul>
      {value?.page.next != null && <p class="soft">The first {value.page.sessions.length} are shown.</p>}
    </dialog>
  );
}

interface SessionRowProps extends Pick<SessionsProps, "api" | "onChanged"> {
  readonly session: SessionListing;
  readonly nowMs: number;
}

function SessionRow({ session, nowMs, api, onChanged }: SessionRowProps) {
  const { sid, clientId, stream, nodeId, state, sinceMs } = session;
  const { busy, error, run } = useAction();
  return (
    <li class="row session" data-testid="session" data-state={state}>
      <div class="name">
        <strong>{clientId}</strong>
        <code class="soft">{sid}</code>
      </div>
      <p class="state">
        <span class="dot" />
        {state === "live" ? "Live" : "Connecting"}
      </p>
      <p class="time">{clock(nowMs - sinceMs)}</p>
      <p class="soft">{nodeId}</p>
      <ConfirmButton
        ask="Really end?"
        about={clientId}
        busy={busy}
        testId="end"
        onConfirm={() => run(() => api.endSession(stream, clientId, sid), onChanged)}
      >
        End
      </ConfirmButton>
      {error !== null && (
        <p class="failed" role="alert">
          {error.message} {error.fix}
        </p>
      )}
    </li>
  );
}
