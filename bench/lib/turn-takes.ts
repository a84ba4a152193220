/** What is said to the ways of ending a turn: recorded sentences, whole and with pauses put in, in quiet and in noise. */
import { Resampler } from "../../media-node/audio/resample.ts";
import { clip, levelDb, silence } from "../../test/support/audio.ts";
import { FRAME_SAMPLES, firstAudible, lastAudible, padded, roomNoise, sentence, withPause } from "./clips.ts";

export const TAKE_RATE = 16_000;
export const PAUSES_MS = [200, 350, 450, 550, 700] as const;
const LEAD_MS = 500;
/** Time to decide in, after the last word. */
const TAIL_MS = 3_000;
const PLACES = [0.3, 0.5, 0.7];
/** How far from its place a pause between words may be, as a share of the sentence. */
const REACH = 0.15;
/**
 * Beside {@link sentence}. `untilMs` where what follows the last word is loud enough to be taken for one, such as a breath; `skipMs` of what
 * precedes the first.
 */
const CLIPS: readonly { readonly name: string; readonly untilMs?: number; readonly skipMs?: number }[] = [
  { name: "cards-001.wav" },
  { name: "cards-003.wav" },
  { name: "cards-005.wav" },
  { name: "goforward.wav", untilMs: 2_300, skipMs: 260 },
  { name: "librivox-0870.wav", skipMs: 140 },
  { name: "librivox-0890.wav" },
];

/** Speech against noise of a room, in dB; undefined for no noise but the recording's. */
export const NOISES_DB = [undefined, 20, 10] as const;
export type NoiseDb = (typeof NOISES_DB)[number];
/** `none`: as it was said. `in a word` breaks off at its loudest. `between words`: at the quietest moment near the place. */
export type PauseKind = "none" | "in a word" | "between words";

export interface Take {
  /** 16 kHz. */
  readonly samples: Int16Array;
  /** When the last word ends. */
  readonly endMs: number;
  readonly pause: PauseKind;
  /** What was put in, not what the recording has by itself. */
  readonly pauseMs: number;
  readonly noiseDb: NoiseDb;
}

/** @param noises the conditions wanted. */
export async function takes(noises: readonly NoiseDb[]): Promise<Take[]> {
  const others = await Promise.all(
    CLIPS.map(async ({ name, untilMs, skipMs = 0 }) => {
      const pcm = (await clip(name)).subarray(0, untilMs && 48 * untilMs);
      return pcm.subarray(firstAudible(pcm) + 48 * skipMs, lastAudible(pcm) + 1);
    }),
  );
  const sentences = [await sentence(), ...others];
  return sentences.flatMap((pcm) => {
    const cuts = PAUSES_MS.flatMap((pauseMs) =>
      PLACES.flatMap((place) => [
        { pause: "in a word" as const, pauseMs, pcm: withPause(pcm, place, pauseMs) },
        { pause: "between words" as const, pauseMs, pcm: withPauseBetween(pcm, place, pauseMs) },
      ]),
    );
    const whole = { pause: "none" as const, pauseMs: 0, pcm };
    return noises.flatMap((noiseDb) =>
      [whole, ...cuts].map(({ pause, pauseMs, pcm: said }) => ({ ...take(said, noiseDb), pause, pauseMs, noiseDb })),
    );
  });
}

function take(said: Int16Array, noiseDb: NoiseDb) {
  const durationMs = LEAD_MS + Math.ceil(said.length / FRAME_SAMPLES) * 20 + TAIL_MS;
  const pcm = padded(said, LEAD_MS, durationMs);
  if (noiseDb !== undefined) {
    const noise = roomNoise(durationMs, levelDb(said) - noiseDb);
    for (const [i, sample] of noise.entries()) pcm[i] = Math.max(-32_768, Math.min(32_767, (pcm[i] ?? 0) + sample));
  }
  return { samples: new Resampler(48_000, TAKE_RATE).process(pcm), endMs: LEAD_MS + lastAudible(said) / 48 };
}

/** The sentence with a pause at the quietest moment near `share` of its length. */
function withPauseBetween(pcm: Int16Array, share: number, pauseMs: number): Int16Array {
  const frames = pcm.length / FRAME_SAMPLES;
  const [middle, reach] = [Math.round(share * frames), Math.floor(REACH * frames)];
  const near = Array.from({ length: 2 * reach + 1 }, (_, i) => middle - reach + i);
  const levelOf = (frame: number) => levelDb(pcm.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES));
  const cut = near.reduce((best, frame) => (levelOf(frame) < levelOf(best) ? frame : best), middle);
  const at = cut * FRAME_SAMPLES + FRAME_SAMPLES / 2;
  const pause = silence(pauseMs);
  const out = new Int16Array(pcm.length + pause.length);
  out.set(pcm.subarray(0, at));
  out.set(pcm.subarray(at), at + pause.length);
  return out;
}
