import { describe, expect, it } from "vitest";
import { PRE_ROLL_MS, TurnRecorder } from "./turn-recorder.ts";

const RATE = 16_000;
const FRAME = 320;
const PRE_ROLL = (PRE_ROLL_MS / 1_000) * RATE;

/** Audio that never repeats within a test, a frame at a time. */
function recording() {
  const recorder = new TurnRecorder(RATE);
  let said = 0;
  const hear = (frames: number) => {
    for (let n = 0; n < frames; n++, said += FRAME) {
      recorder.push(Int16Array.from({ length: FRAME }, (_, i) => said + i));
    }
  };
  return { recorder, hear };
}

/** The first and the last sample, and how many there are. */
const ends = ({ samples }: { readonly samples: Int16Array | Float32Array }) => [
  samples[0],
  samples.at(-1),
  samples.length,
];

describe("a recorder of turns", () => {
  it("gives a turn with what came shortly before it, however long it listened", () => {
    for (const framesBefore of [3, 16, 17, 31, 32, 33, 90]) {
      const { recorder, hear } = recording();
      hear(framesBefore);
      recorder.begin();
      hear(5);
      const before = Math.min(framesBefore * FRAME, PRE_ROLL);
      const end = (framesBefore + 5) * FRAME;
      expect(ends(recorder.take(0))).toEqual([end - 5 * FRAME - before, end - 1, before + 5 * FRAME]);
    }
  });

  it("leaves most of the silence at the end out", () => {
    const { recorder, hear } = recording();
    recorder.begin();
    hear(50);
    // 600 ms, of which 160 stay.
    expect(ends(recorder.take(600))).toEqual([0, 50 * FRAME - 440 * 16 - 1, 50 * FRAME - 440 * 16]);
  });

  it("keeps a turn that is looked at, and nothing of one that was taken", () => {
    const { recorder, hear } = recording();
    recorder.begin();
    hear(40);
    const seen = recorder.peek(0);
    hear(2);
    // What was given is the receiver's own.
    expect(ends(seen)).toEqual([0, 40 * FRAME - 1, 40 * FRAME]);
    expect(ends(recorder.take(0))).toEqual([0, 42 * FRAME - 1, 42 * FRAME]);
    hear(1);
    recorder.begin();
    hear(1);
    expect(ends(recorder.take(0))).toEqual([42 * FRAME, 44 * FRAME - 1, 2 * FRAME]);
  });

  it("goes on with the last moments of a turn that was none", () => {
    const { recorder, hear } = recording();
    recorder.begin();
    hear(100);
    recorder.discard();
    hear(1);
    recorder.begin();
    expect(ends(recorder.take(0))).toEqual([101 * FRAME - PRE_ROLL, 101 * FRAME - 1, PRE_ROLL]);
  });
});
