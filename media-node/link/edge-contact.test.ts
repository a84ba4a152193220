import { expect, it } from "vitest";
import { NODE_FENCE_MS, NODE_LOST_MS, NODE_SUSPECT_MS } from "../../shared/link.ts";
import { EdgeContact } from "./edge-contact.ts";

it("counts the edge's word from when it was asked for, in the order of the questions", () => {
  const contact = new EdgeContact();
  contact.asked(1_000);
  contact.asked(2_500);
  expect([contact.answered(), contact.answered(), contact.answered()]).toEqual([
    1_000 + NODE_FENCE_MS,
    2_500 + NODE_FENCE_MS,
    null,
  ]);
});

it("so that it runs out before the edge gives the slots away, however late the answer is read", () => {
  const contact = new EdgeContact();
  contact.asked(0);
  const heardByEdgeMs = 0;
  expect(contact.answered()).toBeLessThan(heardByEdgeMs + NODE_LOST_MS);
});

it("misses an answer after five seconds, and none where nothing was asked", () => {
  const contact = new EdgeContact();
  expect(contact.isOverdue(60_000)).toBe(false);
  contact.asked(0);
  expect(contact.isOverdue(NODE_SUSPECT_MS)).toBe(false);
  expect(contact.isOverdue(NODE_SUSPECT_MS + 1)).toBe(true);
  contact.dropped();
  expect(contact.isOverdue(60_000)).toBe(false);
});
