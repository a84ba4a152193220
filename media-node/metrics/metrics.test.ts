import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReplyBody, SessionCommand } from "../../shared/link.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { type NodeFacts, NodeMetrics } from "./node-metrics.ts";
import { type MetricsServer, startMetricsServer } from "./server.ts";
import { SessionJournal } from "./session-journal.ts";

const SID = `s_${"1".repeat(32)}`;
const REF = { sid: SID, stream: "echo", clientId: "abc" };
const OFFER: Extract<SessionCommand, { command: "offer" }> = {
  ...REF,
  id: "1",
  command: "offer",
  sdp: "v=0",
  candidates: [],
};

const FLITE = {
  queued: 3,
  jobs: { done: 40, failed: 0, timed_out: 1, refused: 2, given_up: 5 },
  busyMs: 1_500,
};

interface Line {
  readonly message: string;
  readonly fields: object;
}

let facts: NodeFacts;
let clock: VirtualClock;
let metrics: NodeMetrics;
let lines: Line[];
let journal: SessionJournal;

beforeEach(() => {
  facts = {
    sessions: [],
    streams: ["echo", "quiet"],
    capacity: 50,
    ready: true,
    draining: false,
    linked: true,
    shards: [
      {
        index: 0,
        ready: true,
        silentMs: 250,
        sessions: 2,
        usage: { cpu: 0.5, residentBytes: 300_000_000, engines: { flite: FLITE } },
      },
      { index: 1, ready: false, silentMs: 0, sessions: 0, usage: { cpu: 0, residentBytes: 0, engines: {} } },
    ],
    shardDeaths: 2,
  };
  clock = new VirtualClock();
  metrics = new NodeMetrics("node-1", () => facts);
  lines = [];
  const note = (fields: object, message: string) => void lines.push({ message, fields });
  journal = new SessionJournal({ clock, metrics, log: { info: note, warn: note } });
});

/** The value of one sample, by its name and labels; undefined without such a sample. */
async function value(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const wanted = Object.entries({ node: "node-1", ...labels }).map(([key, text]) => `${key}="${text}"`);
  for (const line of (await metrics.text()).split("\n")) {
    const [, sample, text = "", number] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (sample !== `edgertc_${name}`) continue;
    const has = text.split(",");
    if (has.length === wanted.length && wanted.every((label) => has.includes(label))) return Number(number);
  }
  return undefined;
}

const answered = async (): Promise<ReplyBody> => {
  clock.advance(20);
  return { id: "1", ok: true, sdp: "v=0" };
};

describe("metrics", () => {
  it("say how the node is at the moment of the scrape", async () => {
    facts = {
      ...facts,
      sessions: [
        { stream: "echo", state: "live", transport: "webrtc" },
        { stream: "echo", state: "live", transport: "webrtc" },
        { stream: "echo", state: "pending", transport: "telephone" },
      ],
    };
    const sessions = (stream: string, state: string, transport: string) =>
      value("sessions", { stream, state, transport });
    expect(await sessions("echo", "live", "webrtc")).toBe(2);
    expect(await sessions("echo", "pending", "telephone")).toBe(1);
    expect(await sessions("quiet", "live", "websocket")).toBe(0);
    facts = { ...facts, sessions: [], linked: false };
    expect(await sessions("echo", "live", "webrtc")).toBe(0);
    expect(await value("link_up")).toBe(0);
    expect(await value("capacity")).toBe(50);
    expect(await value("shard_ready", { shard: "1" })).toBe(0);
    expect(await value("shard_cpu_cores", { shard: "0" })).toBe(0.5);
    expect(await value("shard_silent_seconds", { shard: "0" })).toBe(0.25);
    expect(await value("shard_resident_bytes", { shard: "0" })).toBe(300_000_000);
    expect(await value("shard_sessions", { shard: "0" })).toBe(2);
    expect(await value("shard_deaths_total")).toBe(2);
    expect(await value("shard_deaths_total")).toBe(2);
  });

  it("say what the speech engines of each session process have done, and what waits for them", async () => {
    const labels = { shard: "0", engine: "flite" };
    expect(await value("engine_queue_length", labels)).toBe(3);
    for (const [outcome, jobs] of Object.entries(FLITE.jobs)) {
      expect(await value("engine_jobs_total", { ...labels, outcome })).toBe(jobs);
    }
    expect(await value("engine_busy_seconds_total", labels)).toBe(1.5);
    // A process that was replaced begins again from nothing.
    facts = { ...facts, shards: facts.shards.slice(1) };
    expect(await value("engine_queue_length", labels)).toBeUndefined();
    expect(await value("engine_jobs_total", { ...labels, outcome: "done" })).toBeUndefined();
  });

  it("count a session from its offer to its end, and time it", async () => {
    await journal.offer(OFFER, answered);
    clock.advance(180);
    journal.event({ ...REF, event: "connected" });
    clock.advance(40_000);
    journal.event({ ...REF, event: "ended", reason: "client_closed" });
    expect(await value("offers_total", { stream: "echo", outcome: "answered" })).toBe(1);
    expect(await value("offer_answer_seconds_sum", { stream: "echo" })).toBeCloseTo(0.02);
    expect(await value("connect_seconds_sum", { stream: "echo" })).toBeCloseTo(0.2);
    expect(await value("session_duration_seconds_bucket", { stream: "echo", le: "30" })).toBe(0);
    expect(await value("session_duration_seconds_bucket", { stream: "echo", le: "60" })).toBe(1);
    expect(await value("sessions_ended_total", { stream: "echo", reason: "client_closed" })).toBe(1);
    expect(lines).toEqual([
      { message: "offer answered", fields: { sid: SID, stream: "echo", answerMs: 20 } },
      { message: "session connected", fields: { sid: SID, stream: "echo", connectMs: 200 } },
      { message: "session ended", fields: { sid: SID, stream: "echo", reason: "client_closed", liveMs: 40_000 } },
    ]);
    expect(journal.size).toBe(0);
  });

  it("give a session that never connected no duration", async () => {
    await journal.offer(OFFER, answered);
    journal.event({ ...REF, event: "ended", reason: "never_connected" });
    expect(await value("session_duration_seconds_count", { stream: "echo" })).toBeUndefined();
    expect(lines.at(-1)?.fields).toMatchObject({ reason: "never_connected", liveMs: null });
  });

  it("count a refused offer by its error, and keep nothing of it", async () => {
    await journal.offer(OFFER, async () => ({ id: "1", ok: false, error: "node_full" }));
    expect(await value("offers_total", { stream: "echo", outcome: "node_full" })).toBe(1);
    expect(journal.size).toBe(0);
    journal.event({ ...REF, event: "ended", reason: "failed" });
    expect(lines).toHaveLength(1);
  });

  it("keep the session of an offer that comes again and is refused then", async () => {
    await journal.offer(OFFER, answered);
    await journal.offer(OFFER, async () => ({ id: "1", ok: false, error: "internal" }));
    expect(journal.size).toBe(1);
  });
});

describe("the metrics server", () => {
  let server: MetricsServer;
  const log = { warn: () => undefined };

  beforeEach(async () => {
    metrics.watchProcess();
    server = await startMetricsServer({ host: "127.0.0.1", port: 0, metrics, facts: () => facts, log });
  });
  afterEach(() => server.stop());

  it("gives the metrics in Prometheus' text format", async () => {
    const response = await fetch(`${server.url}/metrics`);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    expect(text).toContain("# TYPE edgertc_sessions gauge");
    expect(text).toContain('edgertc_info{version="');
    expect(text).toContain("edgertc_nodejs_eventloop_lag_seconds");
  });

  it("is ready exactly while the node takes sessions, and live all along", async () => {
    const ready = async () => {
      const response = await fetch(`${server.url}/ready`);
      return [response.status, await response.json()];
    };
    expect(await ready()).toEqual([200, { status: "ready", sessions: 0, capacity: 50 }]);
    facts = { ...facts, ready: false };
    expect(await ready()).toMatchObject([503, { status: "starting" }]);
    facts = { ...facts, draining: true };
    expect(await ready()).toMatchObject([503, { status: "draining" }]);
    facts = { ...facts, draining: false, linked: false };
    expect(await ready()).toMatchObject([503, { status: "unlinked" }]);
    expect((await fetch(`${server.url}/live`)).status).toBe(200);
  });

  it("has nothing else", async () => {
    expect((await fetch(`${server.url}/`)).status).toBe(404);
    expect((await fetch(`${server.url}/metrics`, { method: "POST" })).status).toBe(405);
  });

  it("says so when its port is taken", async () => {
    const port = Number(new URL(server.url).port);
    const second = startMetricsServer({ host: "127.0.0.1", port, metrics, facts: () => facts, log });
    await expect(second).rejects.toThrow(
      /--metrics-port \d+ cannot be listened on at 127.0.0.1: another program has it/,
    );
  });
});
