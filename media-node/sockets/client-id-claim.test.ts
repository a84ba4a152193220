import { beforeEach, expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { ClientIdClaim } from "./client-id-claim.ts";

let clock: VirtualClock;
let opened: number;
let claim: ClientIdClaim;

beforeEach(() => {
  clock = new VirtualClock();
  opened = 0;
  claim = new ClientIdClaim(clock, () => {
    opened += 1;
  });
});

it.each([
  ["granted", "ready"],
  ["ready", "granted"],
] as const)("opens once, when both have come: %s, then %s", (first, second) => {
  claim[first]();
  expect(opened).toBe(0);
  claim[second]();
  claim[first]();
  claim[second]();
  expect([opened, clock.pending]).toEqual([1, 0]);
});

it("does not wait for an edge that is away", () => {
  claim.ready();
  clock.advance(2_000);
  expect([opened, clock.pending]).toEqual([1, 0]);
});

it("never opens a session that has ended", () => {
  claim.ready();
  claim.drop();
  claim.granted();
  clock.advance(5_000);
  expect([opened, clock.pending]).toEqual([0, 0]);
});
