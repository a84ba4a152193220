/** What the person can change about how they are heard and what they hear. */
import type { AudioChoices } from "../hooks/use-call.ts";
import type { Microphone } from "../hooks/use-microphones.ts";
import { ChevronIcon, MicrophoneIcon, MicrophoneOffIcon, SpeakerIcon, SpeakerOffIcon } from "./icons.tsx";

interface ControlsProps {
  readonly choices: AudioChoices;
  readonly onChange: (change: Partial<AudioChoices>) => void;
  readonly microphones: readonly Microphone[];
  /** Whether the stream hears the person. */
  readonly sends: boolean;
  /** Whether the person hears the stream. */
  readonly receives: boolean;
}

export function Controls({ choices, onChange, microphones, sends, receives }: ControlsProps) {
  const { microphoneMuted, speakerMuted, microphoneId } = choices;
  return (
    <fieldset class="controls">
      <legend class="visually-hidden">Sound</legend>
      {sends && (
        <button
          type="button"
          class="icon-button"
          data-testid="mute-mic"
          aria-pressed={microphoneMuted}
          aria-label="Mute microphone"
          title={microphoneMuted ? "Unmute microphone" : "Mute microphone"}
          onClick={() => onChange({ microphoneMuted: !microphoneMuted })}
        >
          {microphoneMuted ? <MicrophoneOffIcon /> : <MicrophoneIcon />}
        </button>
      )}
      {receives && (
        <button
          type="button"
          class="icon-button"
          data-testid="mute-speaker"
          aria-pressed={speakerMuted}
          aria-label="Mute speaker"
          title={speakerMuted ? "Unmute speaker" : "Mute speaker"}
          onClick={() => onChange({ speakerMuted: !speakerMuted })}
        >
          {speakerMuted ? <SpeakerOffIcon /> : <SpeakerIcon />}
        </button>
      )}
      {sends && microphones.length > 0 && (
        <label class="select">
          <span class="visually-hidden">Microphone</span>
          <select
            data-testid="mic-select"
            value={microphoneId}
            onChange={(event) => onChange({ microphoneId: event.currentTarget.value })}
          >
            <option value="">Default microphone</option>
            {microphones.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
          <ChevronIcon />
        </label>
      )}
    </fieldset>
  );
}
