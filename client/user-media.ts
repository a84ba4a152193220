/** Opening a microphone or a camera, with the browser's refusals turned into errors that say what to do. */
import { CallError } from "./errors.ts";

const DEVICES = {
  audio: {
    name: "microphone",
    // Without these a call on loudspeakers hears itself.
    constraints: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  },
  video: {
    name: "camera",
    // FastRTC's defaults.
    constraints: {
      facingMode: "user",
      width: { ideal: 1280 },
      height: { ideal: 720 },
      frameRate: { ideal: 30 },
    },
  },
} as const;

/** Names of getUserMedia's errors, and what they mean to a person: `microphone_denied`, `camera_missing`, ... */
const MEANINGS: Partial<Record<string, string>> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
};

/**
 * Asks for a device; the browser may ask the person.
 * @param constraints later ones win over earlier ones, all over the default: a microphone with echo cancellation, noise
 * suppression and gain control; a camera with 1280×720, 30 frames a second, facing the user.
 * @throws CallError `insecure_context`; `microphone_` or `camera_`, `denied`, `missing` or `in_use`.
 */
export async function openTrack(kind: "audio" | "video", ...constraints: readonly object[]): Promise<MediaStreamTrack> {
  if (!isSecureContext || navigator.mediaDevices === undefined) throw new CallError("insecure_context");
  const device = DEVICES[kind];
  try {
    const wanted: MediaTrackConstraints = Object.assign({}, device.constraints, ...constraints);
    const [track] = (await navigator.mediaDevices.getUserMedia({ [kind]: wanted })).getTracks();
    if (track !== undefined) return track;
  } catch (cause) {
    const name = cause instanceof Error || cause instanceof DOMException ? cause.name : "";
    throw new CallError(`${device.name}_${MEANINGS[name] ?? "in_use"}`, { cause });
  }
  throw new CallError(`${device.name}_missing`);
}
