/** What speech to text takes. */
import { EdgeRtcError } from "../../../shared/errors.ts";
import { type AudioInput, frameDurationMs } from "../../audio/frame.ts";

/** Audio of one call; longer is `invalid_audio`. */
export const MAX_AUDIO_MS = 300_000;

const MAX_SAMPLE_RATE = 192_000;

/** @throws EdgeRtcError `invalid_audio`. */
export function checkAudio(audio: AudioInput): void {
  const { sampleRate, samples, channels = 1 } = audio;
  if (!(samples instanceof Int16Array || samples instanceof Float32Array)) {
    throw new EdgeRtcError("invalid_audio", "The audio's samples are neither Int16Array nor Float32Array.");
  }
  if (!Number.isInteger(sampleRate) || sampleRate <= 0 || sampleRate > MAX_SAMPLE_RATE) {
    throw new EdgeRtcError("invalid_audio", `The audio's sample rate is ${sampleRate}.`);
  }
  if (channels !== 1 && channels !== 2) throw new EdgeRtcError("invalid_audio", `The audio has ${channels} channels.`);
  if (frameDurationMs(audio) > MAX_AUDIO_MS) {
    throw new EdgeRtcError("invalid_audio", `The audio is longer than ${MAX_AUDIO_MS / 1_000} s.`);
  }
}
