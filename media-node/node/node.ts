/** A media node: its shards and its link to the edge, put together. */
import { availableParallelism } from "node:os";
import { EDGERTC_VERSION } from "../../shared/version.ts";
import { NodeLink } from "../link/node-link.ts";
import type { ShardConfig } from "../shard/messages.ts";
import { ShardPool } from "../shard/shard-pool.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { DEFAULT_ICE, type IceOptions, withReachableAddress } from "../transport/ice-options.ts";
import type { Log } from "./log.ts";

/** Sessions per shard: what a core carries with room for peaks (docs/performance.md). */
const SESSIONS_PER_SHARD = 50;
/** A node whose shards have not been heard of for this long does not vouch for them. */
const SHARD_SILENCE_MS = 4_000;
const STOP_TIMEOUT_MS = 2_000;

export interface NodeOptions {
  readonly streamFile: string;
  /** The edge's base URL. */
  readonly edgeUrl: string;
  readonly secret: string;
  readonly nodeId: string;
  /** Session processes. Default: one per core. */
  readonly shards?: number;
  /** Sessions the node takes at most. Default: 50 per shard. */
  readonly capacity?: number;
  readonly ice?: Partial<IceOptions>;
  readonly log: Log;
  readonly clock?: Clock;
}

export interface RunningNode {
  /** Names of the streams it serves. */
  readonly streams: readonly string[];
  /** Settles when the edge has welcomed the node for the first time. */
  readonly linked: Promise<void>;
  /** Ends every session, tells the edge, stops every process. */
  stop(): Promise<void>;
}

/** @throws Error where the stream file cannot be loaded. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { log, clock = systemClock } = options;
  const size = options.shards ?? availableParallelism();
  const capacity = options.capacity ?? size * SESSIONS_PER_SHARD;
  const linked = Promise.withResolvers<void>();
  let link: NodeLink | undefined;
  const pool = new ShardPool({
    size,
    capacity,
    clock,
    log,
    config: {
      streamFile: options.streamFile,
      ice: iceConfig(withReachableAddress({ ...DEFAULT_ICE, ...options.ice })),
    },
    onEvent: (event) => link?.report(event),
    onChange: () => link?.reportLoad(),
  });
  try {
    await pool.start();
  } catch (error) {
    await pool.stop();
    throw error;
  }
  link = new NodeLink({
    edgeUrl: options.edgeUrl,
    secret: options.secret,
    nodeId: options.nodeId,
    clock,
    random: Math.random,
    log,
    describe: () => ({
      version: EDGERTC_VERSION,
      streams: [...pool.streams],
      sessions: pool.snapshots,
    }),
    load: () => ({
      sessions: pool.sessions,
      capacity,
      cpu: Math.min(1, pool.cpu / availableParallelism()),
      ready: pool.ready,
    }),
    onCommand: (command) => pool.execute(command),
    onEnd: (sids) => {
      const held = pool.snapshots.filter(({ sid }) => sids.includes(sid));
      for (const { sid, stream, clientId } of held) {
        const end = { id: `end-${sid}`, command: "end", sid, stream, clientId, reason: "ended_by_edge" } as const;
        pool.execute(end).catch((error: unknown) => log.error({ err: error, sid }, "a session could not be ended"));
      }
    },
    onFenced: () => pool.endAll("edge_lost"),
    alive: () => pool.silentMs < SHARD_SILENCE_MS,
    onLinked: () => {
      log.info({ edge: options.edgeUrl, node: options.nodeId }, "linked to the edge");
      linked.resolve();
    },
  });
  link.start();
  return {
    streams: pool.streams.map(({ name }) => name),
    linked: linked.promise,
    async stop() {
      pool.endAll("draining");
      const untilMs = clock.nowMs() + STOP_TIMEOUT_MS;
      while (pool.sessions > 0 && clock.nowMs() < untilMs) {
        await new Promise<void>((resolve) => {
          clock.after(20, resolve);
        });
      }
      await link.stop(STOP_TIMEOUT_MS);
      await pool.stop();
    },
  };
}

function iceConfig(ice: IceOptions): ShardConfig["ice"] {
  return {
    mode: ice.mode,
    iceServers: ice.iceServers.map((server) => ({ ...server })),
    additionalAddresses: [...ice.additionalAddresses],
    ...(ice.bindAddress === undefined ? {} : { bindAddress: ice.bindAddress }),
    ...(ice.portRange === undefined ? {} : { portRange: [...ice.portRange] }),
  };
}
