/** A passing error of a call that goes on. */
import type { CallError } from "../../client/index.ts";
import { CloseIcon } from "./icons.tsx";

interface NoticeProps {
  readonly error: CallError;
  readonly onDismiss: () => void;
  readonly onResumePlayback: () => void;
}

export function Notice({ error, onDismiss, onResumePlayback }: NoticeProps) {
  return (
    <div class="notice" data-testid="notice" data-code={error.code} role="alert">
      <p>
        {error.message} {error.code === "handler_failed" ? "" : error.fix}
      </p>
      {error.code === "autoplay_blocked" ? (
        <button type="button" class="small-button" onClick={onResumePlayback}>
          Play sound
        </button>
      ) : (
        <button type="button" class="icon-button" aria-label="Dismiss" onClick={onDismiss}>
          <CloseIcon />
        </button>
      )}
    </div>
  );
}
