/** Opening the camera, with the browser's refusals turned into errors that say what to do. */
import { CallError } from "./errors.ts";

/** FastRTC's defaults. */
const DEFAULT_CONSTRAINTS: MediaTrackConstraints = {
  facingMode: "user",
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
};

/** Names of getUserMedia's errors and what they mean to a person. */
const CODES: Partial<Record<string, string>> = {
  NotAllowedError: "camera_denied",
  SecurityError: "camera_denied",
  NotFoundError: "camera_missing",
  OverconstrainedError: "camera_missing",
};

/**
 * Asks for the camera; the browser may ask the person.
 * @param constraints later ones win over earlier ones, all over the default (1280×720, 30 frames a second, facing the user).
 * @throws CallError `insecure_context`, `camera_denied`, `camera_missing`, `camera_in_use`.
 */
export async function openCamera(...constraints: readonly object[]): Promise<MediaStreamTrack> {
  if (!isSecureContext || navigator.mediaDevices === undefined) throw new CallError("insecure_context");
  const video: MediaTrackConstraints = Object.assign({}, DEFAULT_CONSTRAINTS, ...constraints);
  try {
    const [track] = (await navigator.mediaDevices.getUserMedia({ video })).getVideoTracks();
    if (track === undefined) throw new CallError("camera_missing");
    return track;
  } catch (cause) {
    if (cause instanceof CallError) throw cause;
    const name = cause instanceof Error || cause instanceof DOMException ? cause.name : "";
    throw new CallError(CODES[name] ?? "camera_in_use", { cause });
  }
}
