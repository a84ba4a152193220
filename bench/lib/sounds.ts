/** What may sound over a reply without being said to it: 48 kHz, each the same at every call. */
import { concat, silence } from "../../test/support/audio.ts";
import { roomNoise } from "./clips.ts";

const SOUND_MS = 3_000;

export interface Sound {
  readonly name: string;
  readonly pcm: Int16Array;
}

export function soundsThatAreNoSpeech(): Sound[] {
  return [
    { name: "silence", pcm: silence(SOUND_MS) },
    ...[-60, -40, -25].map((levelDb) => ({ name: `room noise at ${levelDb} dB`, pcm: roomNoise(SOUND_MS, levelDb) })),
    { name: "six bangs, 80 ms each", pcm: bangs(80) },
    { name: "six bursts, 250 ms each, as long as a cough", pcm: bangs(250) },
    ...[-30, -15].map((levelDb) => ({ name: `music at ${levelDb} dB`, pcm: music(levelDb) })),
  ];
}

/** Noise that decays, every half second. */
function bangs(durationMs: number): Int16Array {
  const one = roomNoise(durationMs, -12).map((sample, i, all) => sample * Math.exp((-3 * i) / all.length));
  return concat(...Array.from({ length: 6 }, () => concat(one, silence(SOUND_MS / 6 - durationMs))));
}

const CHORDS_HZ = [
  [220, 261.6, 329.6],
  [174.6, 220, 261.6],
  [196, 246.9, 293.7],
];
const BEAT_MS = 250;

/** Chords of a plucked instrument with overtones, a melody and a drum: composed, not recorded. */
function music(levelDb: number): Int16Array {
  const drum = roomNoise(BEAT_MS, -15);
  const out = Float64Array.from({ length: 48 * SOUND_MS }, (_, i) => {
    const [t, beat] = [i / 48_000, Math.floor(i / (48 * BEAT_MS))];
    const inBeat = i - beat * 48 * BEAT_MS;
    const decay = Math.exp((-4 * inBeat) / (48 * BEAT_MS));
    const chord = CHORDS_HZ[Math.floor(beat / 4) % CHORDS_HZ.length] ?? [];
    const melody = 2 * (chord[beat % chord.length] ?? 0);
    const note = (hertz: number) => [1, 2, 3, 4].reduce((sum, n) => sum + Math.sin(2 * Math.PI * n * hertz * t) / n, 0);
    return decay * (chord.reduce((sum, hertz) => sum + note(hertz), 0) + note(melody)) + (drum[inBeat] ?? 0) / 3_000;
  });
  const rms = Math.sqrt(out.reduce((sum, x) => sum + x * x, 0) / out.length);
  const gain = (32_768 * 10 ** (levelDb / 20)) / rms;
  return Int16Array.from(out, (x) => Math.max(-32_768, Math.min(32_767, Math.round(gain * x))));
}
