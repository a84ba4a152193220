/** The one big button: starts the call and hangs up, and looks like the state it is in. */
import type { RefObject } from "preact";
import type { Levels, StreamDescriptor } from "../../client/index.ts";
import { Dial } from "../dial/dial.tsx";
import { isInCall, type Phase } from "../state/phase.ts";
import { HangUpIcon, ListenIcon, MicrophoneIcon } from "./icons.tsx";

interface CallButtonProps {
  readonly phase: Phase;
  readonly action: string;
  readonly mode: StreamDescriptor["mode"];
  readonly disabled: boolean;
  readonly levels: { readonly current: Levels };
  readonly palette: string;
  readonly onPress: () => void;
  readonly buttonRef: RefObject<HTMLButtonElement | null>;
}

export function CallButton({ phase, action, mode, disabled, levels, palette, onPress, buttonRef }: CallButtonProps) {
  return (
    <div class="call">
      <Dial phase={phase} levels={levels} palette={palette} />
      <button
        ref={buttonRef}
        type="button"
        class="call-button"
        data-testid="call-button"
        disabled={disabled}
        onClick={onPress}
      >
        <CallIcon phase={phase} mode={mode} />
        <span>{action}</span>
      </button>
    </div>
  );
}

function CallIcon({ phase, mode }: Pick<CallButtonProps, "phase" | "mode">) {
  if (isInCall(phase) && phase !== "asking") return <HangUpIcon />;
  return mode === "receive" ? <ListenIcon /> : <MicrophoneIcon />;
}
