/** What the person can change about how they are heard and seen, and what they hear. */
import type { JSX } from "preact";
import type { StreamDescriptor } from "../../client/index.ts";
import type { DeviceChoices } from "../hooks/use-call.ts";
import type { Device } from "../hooks/use-devices.ts";
import { DeviceSelect } from "./device-select.tsx";
import { CameraIcon, CameraOffIcon, MicrophoneIcon, MicrophoneOffIcon, SpeakerIcon, SpeakerOffIcon } from "./icons.tsx";

interface ControlsProps {
  readonly choices: DeviceChoices;
  readonly onChange: (change: Partial<DeviceChoices>) => void;
  readonly microphones: readonly Device[];
  readonly cameras: readonly Device[];
  readonly modality: StreamDescriptor["modality"];
  readonly mode: StreamDescriptor["mode"];
  /** Whether the microphone is muted here; else where one types. */
  readonly microphoneButton: boolean;
}

export function Controls({ choices, onChange, microphones, cameras, modality, mode, microphoneButton }: ControlsProps) {
  const { microphoneMuted, speakerMuted, microphoneId, cameraMuted, cameraId } = choices;
  const [hears, sees] = [modality !== "video" && mode !== "receive", modality !== "audio" && mode !== "receive"];
  return (
    <fieldset class="controls">
      <legend class="visually-hidden">Sound and picture</legend>
      {hears && microphoneButton && (
        <Toggle
          testId="mute-mic"
          name="Mute microphone"
          title={microphoneMuted ? "Unmute microphone" : "Mute microphone"}
          pressed={microphoneMuted}
          onPress={() => onChange({ microphoneMuted: !microphoneMuted })}
          icon={microphoneMuted ? <MicrophoneOffIcon /> : <MicrophoneIcon />}
        />
      )}
      {sees && (
        <Toggle
          testId="mute-camera"
          name="Hide camera"
          title={cameraMuted ? "Show camera" : "Hide camera"}
          pressed={cameraMuted}
          onPress={() => onChange({ cameraMuted: !cameraMuted })}
          icon={cameraMuted ? <CameraOffIcon /> : <CameraIcon />}
        />
      )}
      {modality !== "video" && mode !== "send" && (
        <Toggle
          testId="mute-speaker"
          name="Mute speaker"
          title={speakerMuted ? "Unmute speaker" : "Mute speaker"}
          pressed={speakerMuted}
          onPress={() => onChange({ speakerMuted: !speakerMuted })}
          icon={speakerMuted ? <SpeakerOffIcon /> : <SpeakerIcon />}
        />
      )}
      {hears && (
        <DeviceSelect
          name="Microphone"
          testId="mic-select"
          devices={microphones}
          value={microphoneId}
          onChange={(id) => onChange({ microphoneId: id })}
        />
      )}
      {sees && (
        <DeviceSelect
          name="Camera"
          testId="camera-select"
          devices={cameras}
          value={cameraId}
          onChange={(id) => onChange({ cameraId: id })}
        />
      )}
    </fieldset>
  );
}

interface ToggleProps {
  readonly testId: string;
  readonly name: string;
  readonly title: string;
  readonly pressed: boolean;
  readonly onPress: () => void;
  readonly icon: JSX.Element;
}

function Toggle({ testId, name, title, pressed, onPress, icon }: ToggleProps) {
  return (
    <button
      type="button"
      class="icon-button"
      data-testid={testId}
      aria-pressed={pressed}
      aria-label={name}
      title={title}
      onClick={onPress}
    >
      {icon}
    </button>
  );
}
