import { expect, it } from "vitest";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { PlaybackLag } from "./playback-lag.ts";

function measured() {
  const clock = new VirtualClock();
  return { clock, lag: new PlaybackLag(clock) };
}

it("is what a mark takes beyond the audio before it", () => {
  const { clock, lag } = measured();
  for (let i = 0; i < 10; i++) lag.sent(20);
  const mark = lag.mark();
  clock.advance(200 + 90);
  lag.returned(mark);
  expect(lag.ms).toBe(90);
});

it("counts from the moment the audio was sent, where there was a pause before", () => {
  const { clock, lag } = measured();
  lag.sent(20);
  clock.advance(5_000);
  lag.sent(20);
  const mark = lag.mark();
  clock.advance(60);
  lag.returned(mark);
  expect(lag.ms).toBe(40);
});

it("learns nothing from marks that were cleared, sent by nobody or returned twice", () => {
  const { clock, lag } = measured();
  const before = lag.ms;
  lag.sent(20);
  const mark = lag.mark();
  lag.cleared();
  lag.returned(mark);
  lag.returned("m99");
  expect(lag.ms).toBe(before);
  lag.sent(20);
  const next = lag.mark();
  clock.advance(70);
  lag.returned(next);
  clock.advance(1_000);
  lag.returned(next);
  expect(lag.ms).toBe(50);
});

it("is never negative, nor more than five seconds", () => {
  const { clock, lag } = measured();
  lag.sent(1_000);
  const early = lag.mark();
  lag.returned(early);
  expect(lag.ms).toBe(0);
  const late = lag.mark();
  clock.advance(60_000);
  lag.returned(late);
  expect(lag.ms).toBe(5_000);
});
