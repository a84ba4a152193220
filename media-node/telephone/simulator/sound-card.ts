/** This machine's microphone and loudspeaker, at a telephone's 8 kHz, through programs that are installed on it. */
import { type SoundChild, type SoundOptions, startSound } from "./sound-child.ts";

/** Of a player that takes nothing any more: one second. What comes past it is not heard. */
const MAX_UNPLAYED_BYTES = 16_000;

/** Settles with what the program said, should it end before it is closed. */
export interface SoundDevice {
  readonly lost: Promise<string>;
  close(): Promise<void>;
}

export interface Loudspeaker extends SoundDevice {
  /** @param samples 8 kHz. */
  play(samples: Int16Array): void;
}

/**
 * Listens to the microphone until it is closed.
 * @param onSound takes what it hears, 8 kHz, a few ms to a quarter of a second at a time.
 * @throws EdgeRtcError `sound_program_missing`, `sound_program_failed`.
 */
export async function openMicrophone(
  options: SoundOptions,
  onSound: (samples: Int16Array) => void,
): Promise<SoundDevice> {
  const child = await startSound("record", options);
  let rest = Buffer.alloc(0);
  child.output.on("data", (chunk: Buffer) => {
    const bytes = Buffer.concat([rest, chunk]);
    const samples = new Int16Array(bytes.length >> 1);
    for (let i = 0; i < samples.length; i += 1) samples[i] = bytes.readInt16LE(2 * i);
    rest = bytes.subarray(2 * samples.length);
    onSound(samples);
  });
  return device(child);
}

/** @throws EdgeRtcError `sound_program_missing`, `sound_program_failed`. */
export async function openLoudspeaker(options: SoundOptions): Promise<Loudspeaker> {
  const child = await startSound("play", options);
  const play = (samples: Int16Array): void => {
    if (child.input.writableLength > MAX_UNPLAYED_BYTES) return;
    const bytes = Buffer.alloc(2 * samples.length);
    for (const [i, sample] of samples.entries()) bytes.writeInt16LE(sample, 2 * i);
    child.input.write(bytes);
  };
  return { ...device(child), play };
}

function device(child: SoundChild): SoundDevice {
  return { lost: child.ended, close: () => child.stop() };
}
