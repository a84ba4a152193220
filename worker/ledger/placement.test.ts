import { describe, expect, it } from "vitest";
import { choose, coresPerSession, distanceKm, type PlacementNode, roomOn, score } from "./placement.ts";
import type { Place } from "./types.ts";

const node = (nodeId: string, overrides: Partial<PlacementNode> = {}): PlacementNode => ({
  nodeId,
  epoch: 1,
  capacity: 100,
  sessions: 0,
  cpu: 0,
  loadMs: 0,
  place: null,
  held: 0,
  sinceReport: 0,
  recent: 0,
  ...overrides,
});

const best = (nodes: PlacementNode[], random: () => number, near?: Place) => {
  const tallies = new Map(nodes.map((node) => [node.nodeId, node]));
  return choose(nodes, ({ nodeId }) => tallies.get(nodeId) ?? node(nodeId), random, near);
};

describe("placement", () => {
  it("finds no node among none", () => {
    expect(best([], () => 0)).toBeNull();
  });

  it("takes the best of three", () => {
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
    expect(score(node("a", { sessions: 10, cpu: 0.9 }), 0)).toBeGreaterThan(score(node("b", { sessions: 80 }), 0));
  });

  it("adds the load of sessions that no report shows yet, as heavy as the average one", () => {
    expect(coresPerSession([node("a", { sessions: 10, cpu: 0.4 }), node("b", { sessions: 10, cpu: 0.2 })])).toBeCloseTo(
      0.03,
    );
    expect(coresPerSession([node("a", { cpu: 0.1 })])).toBe(0);
    expect(score(node("a", { sessions: 10, cpu: 0.4, sinceReport: 10, recent: 10 }), 0.03)).toBeCloseTo(0.7);
    // Reported, but its cores have not felt it yet.
    expect(score(node("a", { sessions: 10, cpu: 0.1, recent: 10 }), 0.03)).toBeCloseTo(0.3);
  });

  it("counts a session the same, whether a report has it in it already or not", () => {
    const reported = node("a", { sessions: 10, cpu: 0.4, recent: 10, held: 10 });
    const unreported = node("b", { sinceReport: 10, recent: 10, held: 10 });
    expect(score(reported, 0.04)).toBeCloseTo(score(unreported, 0.04));
  });

  it("knows a node's room by its report and by what was admitted since", () => {
    expect(roomOn(node("a", { sessions: 99 }))).toBe(1);
    expect(roomOn(node("a", { sessions: 99, sinceReport: 1 }))).toBe(0);
    expect(roomOn(node("a", { held: 100 }))).toBe(0);
    expect(roomOn(node("a", { sessions: 7, capacity: 0 }))).toBe(0);
  });

  describe("of nodes as busy as each other", () => {
    const lisbon = { latitude: 38.7, longitude: -9.1 };
    const paris = node("paris", { place: { latitude: 48.9, longitude: 2.4 } });
    const tokyo = node("tokyo", { place: { latitude: 35.7, longitude: 139.7 } });
    const nowhere = node("nowhere");

    it("takes the nearest to the client, and one whose place is unknown last", () => {
      for (const nodes of [
        [paris, tokyo, nowhere],
        [nowhere, tokyo, paris],
      ]) {
        expect(best(nodes, () => 0, lisbon)?.nodeId).toBe("paris");
      }
      expect(best([nowhere, tokyo], () => 0, lisbon)?.nodeId).toBe("tokyo");
    });

    it("but not if it has a session more", () => {
      expect(best([{ ...paris, held: 1 }, tokyo], () => 0, lisbon)?.nodeId).toBe("tokyo");
    });

    it("measures along the earth, over the date line too", () => {
      expect(distanceKm({ latitude: 0, longitude: 179 }, { latitude: 0, longitude: -179 })).toBeCloseTo(222, 0);
      expect(distanceKm(lisbon, paris.place)).toBeCloseTo(1453, -2);
      expect(distanceKm(lisbon, null)).toBe(Number.POSITIVE_INFINITY);
    });
  });
});
