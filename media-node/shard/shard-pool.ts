/** All shards of a node: places sessions on them, knows where each is, replaces the ones that die. */
import type { Socket } from "node:net";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import type { OutputNews, ReplyBody, SessionCommand, SessionEvent, SessionSnapshot } from "../../shared/link.ts";
import type { EndReason } from "../../shared/session.ts";
import type { IceServers } from "../../shared/turn.ts";
import type { SessionFacts, ShardFacts } from "../metrics/node-metrics.ts";
import { MAX_KEPT_STATES } from "../session/kept-states.ts";
import type { UpgradeRequest } from "../sockets/media-server.ts";
import type { Clock, Timer } from "../time/clock.ts";
import type { ShardConfig } from "./messages.ts";
import { ShardProcess } from "./shard-process.ts";
import { isUnnamed } from "./socket-kinds.ts";

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
  readonly log: Record<"info" | "warn" | "error", (fields: object, message: string) => void>;
  readonly onEvent: (event: SessionEvent) => void;
  /** An output of a session that is watched, or that no more will come. */
  readonly onOutput: (news: OutputNews) => void;
  /** Readiness or load may have changed. */
  readonly onChange: () => void;
}

interface Held {
  readonly snapshot: SessionSnapshot;
  readonly shard: ShardProcess;
  readonly transport: SessionFacts["transport"];
  /** Whether it waits for the edge to agree to its client id. */
  readonly claims: boolean;
  /** Whether the edge is to hear of its outputs. */
  readonly watched: boolean;
}

export class ShardPool {
  readonly #options: ShardPoolOptions;
  readonly #shards = new Map<number, ShardProcess>();
  readonly #sessions = new Map<string, Held>();
  /** By session that has ended: where what its handler kept for the caller is. */
  readonly #keepers = new Map<string, ShardProcess>();
  readonly #restarts = new Set<Timer>();
  #deaths = 0;
  #streams: readonly StreamDescriptor[] = [];
  #vouchedUntilMs: number | null = null;
  #iceServers: IceServers = [];
  /** `refusing` takes no more sessions and keeps those it has. */
  #state: "open" | "refusing" | "stopping" = "open";

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

  /** Every session, as metrics tell it. */
  get sessionFacts(): SessionFacts[] {
    return [...this.#sessions.values()].map(({ snapshot: { stream, state }, transport }) => ({
      stream,
      state,
      transport,
    }));
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  get ready(): boolean {
    return this.#state === "open" && this.#readyShards().length > 0;
  }

  /** Every shard, as it is at the moment. */
  get shards(): ShardFacts[] {
    const held = [...this.#sessions.values()];
    return [...this.#shards.values()].map((shard) => {
      const { index, ready, silentMs, usage } = shard;
      return { index, ready, silentMs, usage, sessions: held.filter((session) => session.shard === shard).length };
    });
  }

  /** Shards that died since the start. */
  get deaths(): number {
    return this.#deaths;
  }

  /** Cores in use by all shards. */
  get cpu(): number {
    return [...this.#shards.values()].reduce((sum, { usage }) => sum + usage.cpu, 0);
  }

  /** The longest any shard's thread has been silent: what the node's liveness is gated on. */
  get silentMs(): number {
    return Math.max(0, ...[...this.#shards.values()].map(({ silentMs }) => silentMs));
  }

  async execute(command: SessionCommand): Promise<ReplyBody> {
    const held = this.#sessions.get(command.sid);
    if (command.command !== "offer" && command.command !== "offer_socket") {
      if (held === undefined) return { id: command.id, ok: false, error: "connection_closed" };
      const reply = await held.shard.execute(command);
      if (reply.ok) this.#noteWatch(command);
      return reply;
    }
    const shard = held?.shard ?? this.#keeperOf(command.resumes) ?? this.#leastLoaded();
    const full = this.#state !== "open" || this.#sessions.size >= this.#options.capacity;
    if (shard === undefined || (held === undefined && full)) {
      return { id: command.id, ok: false, error: "node_full" };
    }
    const { sid, stream, clientId } = command;
    const claims = command.command === "offer_socket" && isUnnamed(command);
    const transport = command.command === "offer" ? "webrtc" : command.transport;
    const snapshot = { sid, stream, clientId, state: "pending" } as const;
    this.#sessions.set(sid, { snapshot, shard, transport, claims, watched: false });
    const reply = await shard.execute(command);
    // A refused offer never was a session: the edge learns it from the reply.
    if (!reply.ok) this.#sessions.delete(sid);
    this.#options.onChange();
    return reply;
  }

  /** Hands a session's client over to the session's process. @returns false if there is no such session, or no longer. */
  handSocket(sid: string, request: UpgradeRequest, socket: Socket): boolean {
    const shard = this.#sessions.get(sid)?.shard;
    shard?.handSocket({ kind: "socket", sid, request: { ...request, headers: { ...request.headers } } }, socket);
    return shard !== undefined;
  }

  /** Has a session's process dial for its media. */
  dialSocket(sid: string, url: string, headers: Readonly<Record<string, string>>): void {
    this.#sessions.get(sid)?.shard.send({ kind: "dial", sid, url, headers: { ...headers } });
  }

  /** The edge has seen that a session is connected, and so has agreed to its client id. */
  granted(sid: string): void {
    const held = this.#sessions.get(sid);
    if (held?.claims === true) held.shard.send({ kind: "granted", sid });
  }

  endAll(reason: EndReason): void {
    for (const shard of this.#shards.values()) shard.send({ kind: "end_all", reason });
  }

  /** The edge's word for this node's sessions holds until then, in the machine's time. */
  vouch(untilMs: number): void {
    this.#vouchedUntilMs = untilMs;
    for (const shard of this.#shards.values()) shard.send({ kind: "vouched", untilMs });
  }

  /** Sessions that start from now on use these STUN and TURN servers; those that run keep theirs. */
  useIceServers(iceServers: IceServers): void {
    this.#iceServers = iceServers;
    for (const shard of this.#shards.values()) shard.send({ kind: "ice_servers", iceServers });
  }

  /** From now on offers are refused as `node_full`: the edge places them elsewhere. */
  refuse(): void {
    if (this.#state === "open") this.#state = "refusing";
  }

  /** Stops every session process. Sessions that are left are lost, and reported as ended before this settles. */
  async stop(): Promise<void> {
    this.#state = "stopping";
    for (const timer of this.#restarts) timer.cancel();
    await Promise.all([...this.#shards.values()].map((shard) => shard.stop(STOP_TIMEOUT_MS)));
  }

  #readyShards(): ShardProcess[] {
    return [...this.#shards.values()].filter(({ ready }) => ready);
  }

  /** The shard that keeps the state of a caller's session before. */
  #keeperOf(sid: string | undefined): ShardProcess | undefined {
    const keeper = sid === undefined ? undefined : this.#keepers.get(sid);
    if (sid !== undefined) this.#keepers.delete(sid);
    return keeper?.ready === true ? keeper : undefined;
  }

  /** Its caller may come again: in line, or because its telephone's media was cut. The shard knows, and forgets in time. */
  #noteKeeper(sid: string, shard: ShardProcess): void {
    this.#keepers.set(sid, shard);
    const [oldest] = this.#keepers.keys();
    if (this.#keepers.size > MAX_KEPT_STATES * this.#options.size && oldest !== undefined) this.#keepers.delete(oldest);
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
        if (this.#iceServers.length > 0) shard.send({ kind: "ice_servers", iceServers: this.#iceServers });
        if (this.#vouchedUntilMs !== null) shard.send({ kind: "vouched", untilMs: this.#vouchedUntilMs });
        log.info({ shard: index }, "a session process is ready");
        first?.ready();
        onChange();
      },
      broken: (message) => first?.broken(message),
      event: (event) => this.#onEvent(event),
      output: (news) => this.#options.onOutput(news),
      exited: (cause) => {
        this.#loseSessions(shard);
        first?.broken(`A session process ended while starting (${cause}).`);
        if (this.#state === "stopping") return;
        this.#deaths += 1;
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
    if (event.event === "ended") this.#noteKeeper(event.sid, held.shard);
    if (event.event === "ended") this.#sessions.delete(event.sid);
    else {
      const snapshot = { ...held.snapshot, clientId: event.clientId, state: "live" } as const;
      this.#sessions.set(event.sid, { ...held, snapshot });
    }
    this.#options.onEvent(event);
    if (event.event !== "ended" || !held.watched) return;
    const { sid, stream, clientId } = event;
    this.#options.onOutput({ sid, stream, clientId, news: "end" });
  }

  /** Kept here and not in the shard: who watches must hear of the end of a session whose shard died, too. */
  #noteWatch({ sid, command }: SessionCommand): void {
    const held = this.#sessions.get(sid);
    if (held === undefined || (command !== "watch_outputs" && command !== "unwatch_outputs")) return;
    this.#sessions.set(sid, { ...held, watched: command === "watch_outputs" });
  }

  #loseSessions(shard: ShardProcess): void {
    for (const { snapshot, shard: owner } of [...this.#sessions.values()]) {
      if (owner !== shard) continue;
      const { sid, stream, clientId } = snapshot;
      const reason = this.#state === "stopping" ? "draining" : "shard_lost";
      this.#onEvent({ sid, stream, clientId, event: "ended", reason });
    }
  }
}
