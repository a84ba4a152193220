import { expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { KeptStates, MAX_KEPT_STATES } from "./kept-states.ts";

it("gives a state back once, and forgets it when its time is over", () => {
  const clock = new VirtualClock();
  const states = new KeptStates(clock);
  const mine = new Map([["name", "Ada"]]);
  states.keep("a", mine, 1_000);
  states.keep("b", new Map(), 1_000);
  clock.advance(999);
  expect(states.take("a")).toBe(mine);
  expect(states.take("a")).toBeUndefined();
  clock.advance(1);
  expect(states.take("b")).toBeUndefined();
});

it("keeps a bounded number, the newest, and none when closed", () => {
  const clock = new VirtualClock();
  const states = new KeptStates(clock);
  for (let index = 0; index <= MAX_KEPT_STATES; index += 1) states.keep(`s${index}`, new Map(), 1_000);
  expect(states.size).toBe(MAX_KEPT_STATES);
  expect(states.take("s0")).toBeUndefined();
  expect(states.take("s1")).toBeDefined();
  states.close();
  expect(states.size).toBe(0);
});
