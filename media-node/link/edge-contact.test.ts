import { describe, expect, it } from "vitest";
import { NODE_FENCE_MS, NODE_LOST_MS, NODE_REDIAL_GRACE_MS, NODE_SUSPECT_MS } from "../../shared/link.ts";
import { EdgeContact } from "./edge-contact.ts";

/** Welcomed at once, and pinged since. */
function welcomed(...pingsMs: number[]): EdgeContact {
  const contact = new EdgeContact();
  contact.greeted(0);
  contact.answered();
  for (const atMs of pingsMs) contact.pinged(atMs);
  return contact;
}

describe("the edge's word", () => {
  it("counts from when it was asked for, in the order of the questions", () => {
    const contact = welcomed(1_000, 2_500);
    expect([contact.answered(), contact.answered(), contact.answered()]).toEqual([
      1_000 + NODE_FENCE_MS,
      2_500 + NODE_FENCE_MS,
      null,
    ]);
  });

  it("runs out before the edge gives the slots of a silent node away, however late the answer is read", () => {
    const heardByEdgeMs = 1_000;
    expect(welcomed(heardByEdgeMs).answered()).toBeLessThan(heardByEdgeMs + NODE_LOST_MS);
  });

  it("is short once the socket has closed, because the edge may have seen that, and waits for a redial only", () => {
    const contact = welcomed(1_000);
    contact.answered();
    expect(contact.closed()).toBeLessThan(1_000 + NODE_REDIAL_GRACE_MS);
    expect(contact.closed()).toBeGreaterThan(1_000);
  });

  it("is as long as ever while the edge is down, or welcomes the node again", () => {
    const contact = welcomed(1_000);
    contact.answered();
    contact.closed();
    expect(contact.edgeDown()).toBe(1_000 + NODE_FENCE_MS);
    contact.greeted(3_000);
    expect(contact.answered()).toBe(3_000 + NODE_FENCE_MS);
  });

  it("is not prolonged by a hello that may never have arrived", () => {
    const contact = welcomed(1_000);
    const before = contact.closed();
    contact.dropped();
    contact.greeted(4_000);
    expect(contact.closed()).toBe(before);
  });

  it("is none before the first welcome: there are no sessions then", () => {
    const contact = new EdgeContact();
    contact.greeted(0);
    expect([contact.closed(), contact.edgeDown()]).toEqual([null, null]);
  });
});

it("misses an answer after five seconds, and none where nothing was asked", () => {
  const contact = new EdgeContact();
  expect(contact.isOverdue(60_000)).toBe(false);
  contact.greeted(0);
  expect(contact.isOverdue(NODE_SUSPECT_MS)).toBe(false);
  expect(contact.isOverdue(NODE_SUSPECT_MS + 1)).toBe(true);
  contact.dropped();
  expect(contact.isOverdue(60_000)).toBe(false);
});
