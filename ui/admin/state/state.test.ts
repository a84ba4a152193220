import { describe, expect, it } from "vitest";
import type { NodeOverview, Overview, StreamOverview } from "../../../shared/admin.ts";
import { concernsOf } from "./concerns.ts";
import { clock, counted, percent, roughly } from "./format.ts";
import { extend, MAX_SAMPLES, NO_HISTORY, pointsOf } from "./history.ts";

const NOW_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;

const stream = (name: string, overrides: Partial<StreamOverview> = {}): StreamOverview => ({
  name,
  path: `/${name}`,
  title: null,
  modality: "audio",
  mode: "send-receive",
  limit: 10,
  descriptorLimit: 10,
  operatorLimit: null,
  active: 2,
  waiting: 0,
  nodesReady: 1,
  ...overrides,
});

const node = (nodeId: string, overrides: Partial<NodeOverview> = {}): NodeOverview => ({
  nodeId,
  state: "up",
  sinceMs: NOW_MS - MINUTE_MS,
  epoch: 1,
  version: "0.1.0",
  region: null,
  sessions: 2,
  capacity: 50,
  cpu: 0.1,
  streams: ["echo"],
  ...overrides,
});

const overview = (streams: StreamOverview[], nodes: NodeOverview[] = [node("a")]): Overview => ({
  nowMs: NOW_MS,
  version: "0.1.0",
  nodes,
  streams,
  streamsLeftOut: 0,
});

describe("concerns", () => {
  it("are none while all is well", () => {
    expect(concernsOf(overview([stream("echo")]))).toEqual([]);
  });

  it("name the streams that refuse calls before those that soon may", () => {
    const full = stream("busy", { active: 10, waiting: 3 });
    const down = stream("dead", { nodesReady: 0 });
    expect(concernsOf(overview([full, down]))).toEqual([
      { level: "down", text: "No media node is ready for dead: its calls are refused." },
      { level: "watch", text: "busy is full: 10 of 10, 3 waiting." },
    ]);
  });

  it("say that a stream was closed, rather than that it is full", () => {
    expect(concernsOf(overview([stream("echo", { limit: 0, active: 0 })]))).toEqual([
      { level: "watch", text: "echo is closed: its limit is 0." },
    ]);
  });

  it("name a silent node, and one that is gone while that is news", () => {
    const nodes = [
      node("a", { state: "suspect", sessions: 1 }),
      node("b", { state: "lost", sinceMs: NOW_MS - MINUTE_MS }),
      node("c", { state: "lost", sinceMs: NOW_MS - 60 * MINUTE_MS }),
    ];
    expect(concernsOf(overview([stream("echo")], nodes)).map(({ text }) => text)).toEqual([
      "a is silent. It holds 1 session.",
      "b is gone.",
    ]);
  });

  it("tell who has just begun what to do", () => {
    expect(concernsOf(overview([], []))).toMatchObject([{ level: "down" }]);
  });
});

describe("the history", () => {
  it("keeps the last samples of all streams and of each, and forgets streams that are gone", () => {
    let history = NO_HISTORY;
    for (let i = 0; i < MAX_SAMPLES + 10; i++) {
      history = extend(history, overview([stream("echo", { active: i }), stream("other", { active: 1 })]));
    }
    expect(history.total).toHaveLength(MAX_SAMPLES);
    expect(history.total.at(-1)).toBe(MAX_SAMPLES + 10);
    history = extend(history, overview([stream("other")]));
    expect([...history.streams.keys()]).toEqual(["other"]);
  });

  it("draws the newest at the right edge, and never leaves its box", () => {
    const right = MAX_SAMPLES - 1;
    expect(pointsOf([0, 5, 20], 10)).toBe(`${right - 2},1 ${right - 1},0.5 ${right},0`);
    expect(pointsOf([0], 0)).toBe(`${right},1`);
  });
});

describe("numbers", () => {
  it("are written as people read them", () => {
    expect([0, 5 * MINUTE_MS, 3 * 60 * MINUTE_MS, 49 * 60 * MINUTE_MS].map(roughly)).toEqual([
      "just now",
      "5 min",
      "3 h",
      "2 d",
    ]);
    expect([-5, 7_000, 754_000, 3_723_000].map(clock)).toEqual(["0:00", "0:07", "12:34", "1:02:03"]);
    expect([percent(0.424), counted(1, "node"), counted(0, "node")]).toEqual(["42 %", "1 node", "0 nodes"]);
  });
});
