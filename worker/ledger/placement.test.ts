import { describe, expect, it } from "vitest";
import { choose, isFull, type PlacementNode, score } from "./placement.ts";

const node = (nodeId: string, overrides: Partial<PlacementNode> = {}): PlacementNode => ({
  nodeId,
  epoch: 1,
  capacity: 100,
  sessions: 0,
  cpu: 0,
  loadMs: 0,
  held: 0,
  sinceReport: 0,
  recent: 0,
  ...overrides,
});

/** Chance that repeats: a linear congruential generator. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const best = (nodes: PlacementNode[], random: () => number) => {
  const tallies = new Map(nodes.map((node) => [node.nodeId, node]));
  return choose(nodes, ({ nodeId }) => tallies.get(nodeId) ?? node(nodeId), random);
};

describe("placement", () => {
  it("finds no node among none", () => {
    expect(best([], () => 0)).toBeNull();
  });

  it("takes the better of two", () => {
    const busy = node("busy", { sessions: 50 });
    const idle = node("idle");
    expect(best([busy, idle], () => 0)?.nodeId).toBe("idle");
    expect(best([idle, busy], () => 0)?.nodeId).toBe("idle");
  });

  it("passes over full nodes until it has found two with room", () => {
    const full = Array.from({ length: 8 }, (_, index) => node(`full-${index}`, { held: 100 }));
    expect(best([...full, node("free", { sessions: 90 })], () => 0)?.nodeId).toBe("free");
    expect(best(full, () => 0)).toBeNull();
  });

  it("takes cores for load where they are the scarcer thing", () => {
    expect(score(node("a", { sessions: 10, cpu: 0.9 }))).toBeGreaterThan(score(node("b", { sessions: 80 })));
  });

  it("adds the load that recent sessions are about to bring, as heavy as the node's present ones", () => {
    expect(score(node("a", { sessions: 10, cpu: 0.5, recent: 10 }))).toBeCloseTo(1);
    expect(score(node("b", { recent: 10 }))).toBeCloseTo(0.1);
  });

  it("knows a node for full by its report and by what was admitted since", () => {
    expect(isFull(node("a", { sessions: 99 }))).toBe(false);
    expect(isFull(node("a", { sessions: 99, sinceReport: 1 }))).toBe(true);
    expect(isFull(node("a", { held: 100 }))).toBe(true);
    expect(isFull(node("a", { capacity: 0 }))).toBe(true);
  });

  it("spreads a burst evenly while no report comes in", () => {
    const random = chance(7);
    const admitted = new Map(Array.from({ length: 10 }, (_, index) => [`n${index}`, 0]));
    for (let call = 0; call < 1_000; call += 1) {
      const nodes = [...admitted].map(([id, recent]) => node(id, { capacity: 1_000, held: recent, recent }));
      const chosen = best(nodes, random);
      if (chosen === null) throw new Error("nothing chosen");
      admitted.set(chosen.nodeId, chosen.recent + 1);
    }
    expect(Math.max(...admitted.values()) / 100).toBeLessThanOrEqual(1.2);
  });
});
