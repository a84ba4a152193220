import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { OBJECT_STEPS, type ObjectStep, ObjectWorld } from "./testing/object-world.ts";

/** Steps in all: a sample by default; EDGERTC_OBJECT_STEPS=10000 takes minutes. */
const STEPS = Number(Reflect.get(env, "EDGERTC_OBJECT_STEPS") ?? 300);
const LONGEST = 100;

const WEIGHTS: Partial<Record<ObjectStep, number>> = {
  offer: 10,
  trickle: 3,
  connect: 5,
  hang_up: 4,
  report: 6,
  redial: 6,
};

const step = fc.oneof(
  ...OBJECT_STEPS.map((name) => ({
    arbitrary: fc.tuple(fc.constant(name), fc.nat({ max: 9_999 })),
    weight: WEIGHTS[name] ?? 1,
  })),
);
const LONG_RUN_STEPS = 5_000;
const SAMPLE_SEED = 20_261_121;

const queue = fc.option(fc.constant({ maxLength: 3, ticketTtlMs: 8_000, rejoin: false }));

// Objects run in this isolate: its clock is theirs.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  for (const level of ["log", "info", "warn", "error"] as const) vi.spyOn(console, level).mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it("the objects never let more sessions live on nodes than the limit, and leak no slot, whatever is reset under them", async () => {
  let worlds = 0;
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 2 }),
      queue,
      fc.array(step, { minLength: 1, maxLength: LONGEST, size: "max" }),
      async (limit, nodes, rules, history) => {
        worlds += 1;
        const world = new ObjectWorld({ name: `world-${worlds}`, limit, nodes, queue: rules });
        try {
          await world.start();
          for (const [name, pick] of history) await world.run(name, pick);
          await world.settle();
          taken += history.length;
        } finally {
          world.close();
        }
      },
    ),
    {
      numRuns: Math.max(1, Math.round((2.5 * STEPS) / LONGEST)),
      endOnFailure: true,
      includeErrorInReport: true,
      // The short sample is the same each time, a long run draws anew.
      ...(STEPS < LONG_RUN_STEPS ? { seed: SAMPLE_SEED } : {}),
    },
  );
  expect(taken).toBeGreaterThan(0);
}, 600_000);
