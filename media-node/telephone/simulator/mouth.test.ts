import { describe, expect, it } from "vitest";
import { g711 } from "../../audio/g711.ts";
import { Mouth } from "./mouth.ts";

const FRAME = 160;
const level = (value: number, samples: number) => new Int16Array(samples).fill(value);
const loud = (frame: Uint8Array) =>
  g711("mulaw")
    .decode(frame)
    .filter((sample) => Math.abs(sample) > 500).length;

describe("a recording", () => {
  it("is said to its end, filled up with silence, and then it is settled", async () => {
    const mouth = new Mouth();
    const said = mouth.say(level(8_000, FRAME + 10));
    expect(loud(mouth.next())).toBe(FRAME);
    expect(loud(mouth.next())).toBe(10);
    await said;
    expect(loud(mouth.next())).toBe(0);
  });

  it("is settled when the call ends before it does", async () => {
    const mouth = new Mouth();
    const said = mouth.say(level(8_000, 100 * FRAME));
    mouth.close();
    await said;
    await mouth.say(level(8_000, FRAME));
  });
});

describe("a microphone", () => {
  it("is said in frames of 20 ms, whatever the pieces it gives", () => {
    const mouth = new Mouth();
    for (const samples of [1, 150, 400, 9, 80]) mouth.sayLive(level(8_000, samples));
    expect([1, 2, 3, 4, 5].map(() => loud(mouth.next()))).toEqual([FRAME, FRAME, FRAME, FRAME, 0]);
  });

  it("never makes the call later than a second, however much it gives at once", () => {
    const mouth = new Mouth();
    mouth.sayLive(level(8_000, 500 * FRAME));
    let frames = 0;
    while (loud(mouth.next()) > 0) frames += 1;
    expect(frames).toBeLessThanOrEqual(50);
  });

  it("is caught up with after a delay: what waits all the time is left out", () => {
    const mouth = new Mouth();
    mouth.sayLive(level(8_000, 30 * FRAME));
    for (let n = 0; n < 100; n += 1) {
      mouth.sayLive(level(8_000, FRAME));
      expect(loud(mouth.next())).toBe(FRAME);
    }
    let waiting = 0;
    while (loud(mouth.next()) > 0) waiting += 1;
    expect(waiting).toBeLessThanOrEqual(2);
  });

  it("loses nothing where a program gives a quarter of a second at a time", () => {
    const mouth = new Mouth();
    const pieces = 40;
    const framesAPiece = 12;
    let said = 0;
    for (let n = 0; n < pieces * framesAPiece; n += 1) {
      if (n % framesAPiece === 0) mouth.sayLive(level(8_000, framesAPiece * FRAME));
      if (loud(mouth.next()) > 0) said += 1;
    }
    expect(said).toBe(pieces * framesAPiece);
  });
});
