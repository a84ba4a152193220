/** The property that a stream's ledger must have, as random histories of a world around it. */
import fc from "fast-check";
import { LedgerWorld, STEPS, type Step } from "./ledger-world.ts";
import type { LedgerStore } from "./scene.ts";

// What keeps the world going is more likely than what breaks it.
const WEIGHTS: Partial<Record<Step, number>> = {
  offer: 8,
  dispatch: 10,
  deliver: 8,
  connect: 4,
  report: 5,
  hangup: 2,
  redial: 3,
  ask: 4,
  repeat: 2,
  wait: 2,
};

const step = fc.oneof(
  ...STEPS.map((name) => ({
    arbitrary: fc.tuple(fc.constant(name), fc.nat({ max: 9_999 })),
    weight: WEIGHTS[name] ?? 1,
  })),
);

/** A ticket's time to live in these worlds: short, so that many are given up. */
const TICKET_TTL_MS = 8_000;

const queue = fc.option(
  fc.record({
    maxLength: fc.integer({ min: 1, max: 5 }),
    ticketTtlMs: fc.constant(TICKET_TTL_MS),
    rejoin: fc.boolean(),
  }),
  { freq: 4 },
);

export interface PropertyOptions {
  /** Steps in all, at least: histories are half as long as the longest on average. */
  readonly steps: number;
  /** Steps of the longest history. */
  readonly longest: number;
  readonly open: () => LedgerStore & { close(): void };
  readonly seed?: number;
  /** Whether a history that breaks the property is shortened. Default true. */
  readonly shrink?: boolean;
}

/** @throws with the shortest history found that breaks the property. @returns the steps that were taken. */
export function assertLedgerHolds({ steps, longest, open, seed, shrink = true }: PropertyOptions): number {
  let taken = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      queue,
      fc.array(step, { minLength: 1, maxLength: longest, size: "max" }),
      (limit, nodes, rules, history) => {
        const store = open();
        try {
          const world = new LedgerWorld({ store, limit, nodes, capacity: 2, queue: rules });
          for (const [name, pick] of history) world.run(name, pick);
          world.settle();
          taken += history.length;
        } finally {
          store.close();
        }
      },
    ),
    {
      numRuns: Math.max(1, Math.round((2.5 * steps) / longest)),
      endOnFailure: !shrink,
      includeErrorInReport: true,
      ...(seed === undefined ? {} : { seed }),
    },
  );
  return taken;
}
