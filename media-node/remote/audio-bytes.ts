/** Audio on its way to and from models of others: WAV, or raw samples. */
import { EdgeRtcError } from "../../shared/errors.ts";
import { type AudioInput, frameDurationMs, toInt16, toMono } from "../audio/frame.ts";
import { resample } from "../audio/resample.ts";
import { readWav, writeWav } from "../audio/wav.ts";
import { checkAudio } from "../speech/stt/check-audio.ts";
import type { Spoken } from "../speech/tts/tts-model.ts";

/** What speech models hear at. */
const UPLOAD_RATE = 16_000;
/** Shorter than any word, and refused by some providers. */
const MIN_MS = 100;
/** −60 dB. Some models make words up for silence. */
const SILENT_PEAK = 32;

/**
 * A turn as a WAV file, 16 kHz mono; undefined where there is nothing to hear in it.
 * @throws EdgeRtcError `invalid_audio`.
 */
export function wavOf(audio: AudioInput): Uint8Array<ArrayBuffer> | undefined {
  checkAudio(audio);
  if (frameDurationMs(audio) < MIN_MS) return undefined;
  const mono = toInt16(toMono(audio));
  if (mono.every((sample) => Math.abs(sample) < SILENT_PEAK)) return undefined;
  return writeWav(audio.sampleRate === UPLOAD_RATE ? mono : resample(mono, audio.sampleRate, UPLOAD_RATE), UPLOAD_RATE);
}

/**
 * Audio as a model sends it.
 * @param rawRate of samples without a header, 16-bit little-endian mono; undefined where only WAV is to be expected.
 * @throws EdgeRtcError `remote_model_failed` where it is neither.
 */
export function spokenOf(bytes: Uint8Array, rawRate: number | undefined): Spoken {
  if (new TextDecoder("latin1").decode(bytes.subarray(0, 4)) === "RIFF") {
    const wav = readWav(bytes);
    return { sampleRate: wav.sampleRate, samples: toInt16(toMono(wav)) };
  }
  if (rawRate === undefined) {
    throw new EdgeRtcError(
      "remote_model_failed",
      "The model sent audio that is no WAV file: ask it for wav, or for pcm.",
    );
  }
  const length = bytes.length >> 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 2 * length);
  return { sampleRate: rawRate, samples: Int16Array.from({ length }, (_, i) => view.getInt16(2 * i, true)) };
}
