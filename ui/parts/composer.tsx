/** Of variant `textbox`: the field to type in, and beside it what makes a conversation spoken. */
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import type { StreamLabels } from "../../shared/stream-ui.ts";
import type { Voice } from "../hooks/use-call.ts";
import { HangUpIcon, MicrophoneIcon, MicrophoneOffIcon, SendIcon } from "./icons.tsx";

/** As JSON it must fit a message of the data channel, whatever is in it. */
const MAX_CHARS = 5_000;

interface ComposerProps {
  readonly labels: StreamLabels;
  readonly fieldRef: RefObject<HTMLTextAreaElement | null>;
  readonly ready: boolean;
  readonly inCall: boolean;
  readonly voice: Voice;
  readonly microphoneMuted: boolean;
  /** Whose turn it is: the button shows when it hears somebody. */
  readonly hearing: boolean;
  readonly onSay: (text: string) => void;
  /** Calls with the microphone, opens it, or mutes it: whatever is next. */
  readonly onTalk: () => void;
  readonly onHangUp: () => void;
}

export function Composer(props: ComposerProps) {
  const { labels, fieldRef, ready, inCall, voice, microphoneMuted, hearing, onSay, onTalk, onHangUp } = props;
  const [text, setText] = useState("");
  const open = inCall && voice === "microphone" && !microphoneMuted;
  const send = () => {
    const said = text.trim();
    if (said === "" || !ready) return;
    onSay(said);
    setText("");
  };
  return (
    <form
      class="composer"
      data-testid="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={fieldRef}
        rows={1}
        maxLength={MAX_CHARS}
        value={text}
        placeholder={labels.placeholder ?? "Type a message"}
        aria-label={labels.placeholder ?? "Type a message"}
        data-testid="textbox"
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          // Enter sends, with Shift it is a new line; an input method's own Enter is neither.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      <button
        type="submit"
        class="icon-button send"
        data-testid="send"
        aria-label="Send"
        disabled={!ready || text === ""}
      >
        <SendIcon />
      </button>
      <button
        type="button"
        class="icon-button talk"
        data-testid="talk"
        data-hearing={open && hearing}
        aria-pressed={open}
        aria-label="Talk"
        title={open ? "Mute microphone" : "Talk"}
        disabled={!ready}
        onClick={onTalk}
      >
        {open || !inCall ? <MicrophoneIcon /> : <MicrophoneOffIcon />}
      </button>
      {inCall && (
        <button
          type="button"
          class="icon-button hang-up"
          data-testid="hang-up"
          aria-label={labels.stop ?? "Hang up"}
          title={labels.stop ?? "Hang up"}
          onClick={onHangUp}
        >
          <HangUpIcon />
        </button>
      )}
    </form>
  );
}
