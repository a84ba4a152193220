/** All shards of a node: places sessions on them, knows where each is, replaces the ones that die. */
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import type { Command, ReplyBody, SessionEvent, SessionSnapshot } from "../../shared/link.ts";
import type { EndReason } from "../../shared/session.ts";
import type { Clock, Timer } from "../time/clock.ts";
import type { ShardConfig } from "./messages.ts";
import { ShardProcess } from "./shard-process.ts";

/** A shard that died is started again after this, doubled each time it dies without having become ready. */
const RESTART_MS = 250;
const MAX_RESTART_MS = 10_000;
const STOP_TIMEOUT_MS = 3_000;

export interface ShardPoolOptions {
  readonly size: number;
  readonly config: Omit<ShardConfig, "index">;
  readonly clock: Clock;
  /** Sessions the node takes at most. */
  readonly capacity: number;
  readonly log: { warn(fields: object, message: string): void; error(fields: object, message: string): void };
  readonly onEvent: (event: SessionEvent) => void;
  /** Readiness or load may have changed. */
  readonly onChange: () => void;
}

interface Held {
  readonly snapshot: SessionSnapshot;
  readonly shard: ShardProcess;
}

export class ShardPool {
  readonly #options: ShardPoolOptions;
  readonly #shards = new Map<number, ShardProcess>();
  readonly #sessions = new Map<string, Held>();
  readonly #restarts = new Set<Timer>();
  #streams: readonly StreamDescriptor[] = [];
  #state: "open" | "stopping" = "open";

  constructor(options: ShardPoolOptions) {
    this.#options = options;
  }

  /** Starts every shard. Settles when the first is ready. @throws Error with the cause where the stream file is broken. */
  start(): Promise<readonly StreamDescriptor[]> {
    return new Promise((resolve, reject) => {
      for (let index = 0; index < this.#options.size; index++) {
        this.#spawn(index, RESTART_MS, {
          ready: () => resolve(this.#streams),
          broken: (message) => reject(new Error(message)),
        });
      }
    });
  }

  get streams(): readonly StreamDescriptor[] {
    return this.#streams;
  }

  get snapshots(): SessionSnapshot[] {
    return [...this.#sessions.values()].map(({ snapshot }) => snapshot);
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  get ready(): boolean {
    return this.#state === "open" && this.#readyShards().length > 0;
  }

  /** Cores in use by all shards. */
  get cpu(): number {
    return [...this.#shards.values()].reduce((sum, shard) => sum + shard.cpu, 0);
  }

  /** The longest any shard's thread has been silent: what the node's liveness is gated on. */
  get silentMs(): number {
    return Math.max(0, ...[...this.#shards.values()].map(({ silentMs }) => silentMs));
  }

  async execute(command: Command): Promise<ReplyBody> {
    const held = this.#sessions.get(command.sid);
    if (command.command !== "offer") {
      if (held === undefined) return { id: command.id, ok: false, error: "connection_closed" };
      return await held.shard.execute(command);
    }
    const shard = held?.shard ?? this.#leastLoaded();
    if (shard === undefined || (held === undefined && this.#sessions.size >= this.#options.capacity)) {
      return { id: command.id, ok: false, error: "node_full" };
    }
    const { sid, stream, clientId } = command;
    this.#sessions.set(sid, { snapshot: { sid, stream, clientId, state: "pending" }, shard });
    const reply = await shard.execute(command);
    // A refused offer never was a session: the edge learns it from the reply.
    if (!reply.ok) this.#sessions.delete(sid);
    this.#options.onChange();
    return reply;
  }

  endAll(reason: EndReason): void {
    for (const shard of this.#shards.values()) shard.send({ kind: "end_all", reason });
  }

  async stop(): Promise<void> {
    this.#state = "stopping";
    for (const timer of this.#restarts) timer.cancel();
    await Promise.all([...this.#shards.values()].map((shard) => shard.stop(STOP_TIMEOUT_MS)));
  }

  #readyShards(): ShardProcess[] {
    return [...this.#shards.values()].filter(({ ready }) => ready);
  }

  #leastLoaded(): ShardProcess | undefined {
    const counts = new Map<ShardProcess, number>(this.#readyShards().map((shard) => [shard, 0]));
    for (const { shard } of this.#sessions.values()) counts.set(shard, (counts.get(shard) ?? 0) + 1);
    return [...counts].filter(([shard]) => shard.ready).sort(([, a], [, b]) => a - b)[0]?.[0];
  }

  #spawn(index: number, restartMs: number, first?: { ready: () => void; broken: (message: string) => void }): void {
    const { config, clock, log, onChange } = this.#options;
    let nextRestartMs = restartMs;
    const shard = new ShardProcess({ ...config, index }, clock, {
      ready: (streams) => {
        this.#streams = streams;
        nextRestartMs = RESTART_MS;
        first?.ready();
        onChange();
      },
      broken: (message) => first?.broken(message),
      event: (event) => this.#onEvent(event),
      exited: (cause) => {
        this.#loseSessions(shard);
        first?.broken(`A session process ended while starting (${cause}).`);
        if (this.#state === "stopping") return;
        log.error({ shard: index, cause }, "a session process died; it is started again");
        const timer = clock.after(nextRestartMs, () => {
          this.#restarts.delete(timer);
          this.#spawn(index, Math.min(MAX_RESTART_MS, nextRestartMs * 2));
        });
        this.#restarts.add(timer);
        onChange();
      },
    });
    this.#shards.set(index, shard);
  }

  #onEvent(event: SessionEvent): void {
    const held = this.#sessions.get(event.sid);
    if (held === undefined) return;
    if (event.event === "ended") this.#sessions.delete(event.sid);
    else this.#sessions.set(event.sid, { ...held, snapshot: { ...held.snapshot, state: "live" } });
    this.#options.onEvent(event);
  }

  #loseSessions(shard: ShardProcess): void {
    for (const { snapshot, shard: owner } of [...this.#sessions.values()]) {
      if (owner !== shard) continue;
      const { sid, stream, clientId } = snapshot;
      this.#onEvent({ sid, stream, clientId, event: "ended", reason: "shard_lost" });
    }
  }
}
