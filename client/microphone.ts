/** Opening the microphone, with the browser's refusals turned into errors that say what to do. */
import { CallError } from "./errors.ts";

/** Without these a call on loudspeakers hears itself. */
const DEFAULT_CONSTRAINTS: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

/** Names of getUserMedia's errors and what they mean to a person. */
const CODES: Partial<Record<string, string>> = {
  NotAllowedError: "microphone_denied",
  SecurityError: "microphone_denied",
  NotFoundError: "microphone_missing",
  OverconstrainedError: "microphone_missing",
  NotReadableError: "microphone_in_use",
  AbortError: "microphone_in_use",
};

/**
 * Asks for the microphone; the browser may ask the person.
 * @param constraints later ones win over earlier ones, all over the default (echo cancellation, noise suppression and
 * gain control on).
 * @throws CallError `insecure_context`, `microphone_denied`, `microphone_missing`, `microphone_in_use`.
 */
export async function openMicrophone(...constraints: readonly object[]): Promise<MediaStreamTrack> {
  if (!isSecureContext || navigator.mediaDevices === undefined) throw new CallError("insecure_context");
  const audio: MediaTrackConstraints = Object.assign({}, DEFAULT_CONSTRAINTS, ...constraints);
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    const [track] = stream.getAudioTracks();
    if (track === undefined) throw new CallError("microphone_missing");
    return track;
  } catch (cause) {
    throw microphoneError(cause);
  }
}

/** What an error of `getUserMedia` means to a person. */
export function microphoneError(cause: unknown): CallError {
  if (cause instanceof CallError) return cause;
  const name = cause instanceof Error || cause instanceof DOMException ? cause.name : "";
  return new CallError(CODES[name] ?? "microphone_in_use", { cause });
}
