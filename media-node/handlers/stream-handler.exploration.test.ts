/** Every order in which the calls of a handler can hang, end and fail, while frames and messages come and time passes. */
import { expect, it } from "vitest";
import { HandlerWorld } from "./testing/exploration/handler-world.ts";
import { explore, wander } from "./testing/exploration/search.ts";

const DEPTH = Number(process.env["EDGERTC_EXPLORE_DEPTH"] ?? 8);

it(`a handler that hangs and fails is asked again, and shut down once, after every order of ${DEPTH} events`, async () => {
  const { failures, states, paths } = await explore({ start: () => HandlerWorld.start(), depth: DEPTH });
  console.log(`${states} states, ${paths} paths`);
  expect(failures.map(({ path, error }) => `${path}: ${error.message}`)).toEqual([]);
}, 300_000);

it("so it is after sixty events at random", async () => {
  const failures = await wander({
    start: () => HandlerWorld.start(),
    walks: 100,
    length: 60,
    without: ["client leaves", "emits goodbye"],
    seed: 1,
  });
  expect(failures.map(({ path, error }) => `${path}: ${error.message}`)).toEqual([]);
}, 300_000);
