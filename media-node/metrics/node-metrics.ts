/** What a media node tells Prometheus: its sessions, its shards and its link. Names and units follow Prometheus' rules. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { SessionCommand, SessionSnapshot } from "../../shared/link.ts";
import type { EndReason } from "../../shared/session.ts";
import { EDGERTC_VERSION } from "../../shared/version.ts";
import type { ShardUsage } from "../shard/messages.ts";
import type { EngineUsage } from "../speech/engine-usage.ts";

/** A session process, as it is at the moment. */
export interface ShardFacts {
  readonly index: number;
  readonly ready: boolean;
  readonly usage: ShardUsage;
  /** That it holds, pending ones included. */
  readonly sessions: number;
  /** Since its thread last ran, as far as is known. */
  readonly silentMs: number;
}

export interface SessionFacts extends Pick<SessionSnapshot, "stream" | "state"> {
  readonly transport: "webrtc" | Extract<SessionCommand, { command: "offer_socket" }>["transport"];
}

const STATES: readonly SessionFacts["state"][] = ["pending", "live"];
const TRANSPORTS: readonly SessionFacts["transport"][] = ["webrtc", "websocket", "telephone"];

/** The node, as it is at the moment: read at every scrape. */
export interface NodeFacts {
  readonly sessions: readonly SessionFacts[];
  readonly streams: readonly string[];
  readonly capacity: number;
  readonly ready: boolean;
  readonly draining: boolean;
  readonly linked: boolean;
  readonly shards: readonly ShardFacts[];
  /** Session processes that died since the start. */
  readonly shardDeaths: number;
}

const MS_PER_SECOND = 1_000;

/** Seconds. From a hangup at once to an hour. */
const DURATION_BUCKETS = [1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600];
/** Seconds. On one network a call connects within 0.1; past 5 nobody waits. */
const CONNECT_BUCKETS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30];
/** Seconds. An answer takes a few milliseconds; the edge gives up after 10. */
const ANSWER_BUCKETS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 10];

export class NodeMetrics {
  readonly #registry = new Registry();
  readonly #offers = this.#counter("offers_total", "Offers by how they were answered.", ["stream", "outcome"]);
  readonly #ended = this.#counter("sessions_ended_total", "Sessions that ended, by reason.", ["stream", "reason"]);
  readonly #answering = this.#histogram("offer_answer_seconds", "From an offer to its answer.", ANSWER_BUCKETS);
  readonly #connecting = this.#histogram("connect_seconds", "From an offer to media.", CONNECT_BUCKETS);
  readonly #duration = this.#histogram("session_duration_seconds", "From media to the end.", DURATION_BUCKETS);

  constructor(nodeId: string, facts: () => NodeFacts) {
    this.#registry.setDefaultLabels({ node: nodeId });
    this.#gauge("info", "Always 1.", ["version"], (gauge) => gauge.set({ version: EDGERTC_VERSION }, 1));
    this.#gauge("sessions", "Sessions held.", ["stream", "state", "transport"], (gauge) => {
      gauge.reset();
      const { streams, sessions } = facts();
      // A stream nobody calls is a zero, not a gap.
      for (const stream of streams)
        for (const state of STATES) for (const transport of TRANSPORTS) gauge.set({ stream, state, transport }, 0);
      for (const { stream, state, transport } of sessions) gauge.inc({ stream, state, transport });
    });
    this.#flag("link_up", "Whether the edge has this node.", () => facts().linked);
    this.#flag("ready", "Whether the node takes sessions.", () => facts().ready);
    this.#flag("draining", "Whether it is leaving.", () => facts().draining);
    this.#gauge("capacity", "Sessions it takes at most.", [], (gauge) => gauge.set(facts().capacity));
    this.#gauge("shard_ready", "Whether a session process serves.", ["shard"], (gauge) => {
      for (const { index, ready } of facts().shards) gauge.set({ shard: index }, Number(ready));
    });
    this.#gauge("shard_cpu_cores", "Cores a session process uses.", ["shard"], (gauge) => {
      for (const { index, usage } of facts().shards) gauge.set({ shard: index }, usage.cpu);
    });
    this.#gauge("shard_resident_bytes", "Memory of a session process.", ["shard"], (gauge) => {
      for (const { index, usage } of facts().shards) gauge.set({ shard: index }, usage.residentBytes);
    });
    this.#gauge("shard_sessions", "Sessions that a session process holds.", ["shard"], (gauge) => {
      for (const { index, sessions } of facts().shards) gauge.set({ shard: index }, sessions);
    });
    this.#gauge("shard_silent_seconds", "Since its thread was last heard of.", ["shard"], (gauge) => {
      for (const { index, silentMs } of facts().shards) gauge.set({ shard: index }, silentMs / MS_PER_SECOND);
    });
    this.#counter("shard_deaths_total", "Session processes that died.", [], (counter) => {
      counter.reset();
      counter.inc(facts().shardDeaths);
    });
    this.#watchEngines(() => enginesOf(facts()));
  }

  #watchEngines(engines: () => readonly EngineFacts[]): void {
    const labels = ["shard", "engine"] as const;
    this.#gauge("engine_queue_length", "Jobs that wait for a speech engine.", labels, (gauge) => {
      gauge.reset();
      for (const { shard, engine, usage } of engines()) gauge.set({ shard, engine }, usage.queued);
    });
    this.#counter("engine_jobs_total", "Jobs of a speech engine.", [...labels, "outcome"], (counter) => {
      counter.reset();
      for (const { shard, engine, usage } of engines())
        for (const [outcome, jobs] of Object.entries(usage.jobs)) counter.inc({ shard, engine, outcome }, jobs);
    });
    this.#counter("engine_busy_seconds_total", "Time a speech engine's threads had work.", labels, (counter) => {
      counter.reset();
      for (const { shard, engine, usage } of engines()) counter.inc({ shard, engine }, usage.busyMs / MS_PER_SECOND);
    });
  }

  /** Measures this process, too. It watches its event loop and its collections from then on, which is not free. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.#registry, prefix: "edgertc_" });
  }

  /** @param outcome `answered`, or the code it was refused with. */
  offer(stream: string, outcome: string, tookMs: number): void {
    this.#offers.inc({ stream, outcome });
    this.#answering.observe({ stream }, tookMs / MS_PER_SECOND);
  }

  connected(stream: string, tookMs: number): void {
    this.#connecting.observe({ stream }, tookMs / MS_PER_SECOND);
  }

  /** @param liveMs null for a session that never connected. */
  ended(stream: string, reason: EndReason, liveMs: number | null): void {
    this.#ended.inc({ stream, reason });
    if (liveMs !== null) this.#duration.observe({ stream }, liveMs / MS_PER_SECOND);
  }

  /** The media type of {@link text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read: (gauge: Gauge<Label>) => void,
  ): void {
    const registers = [this.#registry];
    new Gauge<Label>({
      name: `edgertc_${name}`,
      help,
      labelNames: [...labelNames],
      registers,
      collect() {
        read(this);
      },
    });
  }

  #flag(name: string, help: string, read: () => boolean): void {
    this.#gauge(name, help, [], (gauge) => gauge.set(Number(read())));
  }

  #counter<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    read?: (counter: Counter<Label>) => void,
  ): Counter<Label> {
    return new Counter<Label>({
      name: `edgertc_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      ...(read === undefined
        ? {}
        : {
            collect() {
              read(this);
            },
          }),
    });
  }

  #histogram(name: string, help: string, buckets: readonly number[]): Histogram<"stream"> {
    return new Histogram({
      name: `edgertc_${name}`,
      help,
      labelNames: ["stream"],
      buckets: [...buckets],
      registers: [this.#registry],
    });
  }
}

interface EngineFacts {
  readonly shard: number;
  readonly engine: string;
  readonly usage: EngineUsage;
}

function enginesOf({ shards }: NodeFacts): EngineFacts[] {
  return shards.flatMap(({ index: shard, usage: { engines } }) =>
    Object.entries(engines).map(([engine, usage]) => ({ shard, engine, usage })),
  );
}
