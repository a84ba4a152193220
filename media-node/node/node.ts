/** A media node: its shards and its link to the edge, put together. */
import { availableParallelism } from "node:os";
import { MAX_DRAIN_TIMEOUT_MS } from "../../shared/link.ts";
import { EDGERTC_VERSION } from "../../shared/version.ts";
import { IceServersRenewal } from "../ice/ice-servers-renewal.ts";
import { isPublicHost } from "../ice/public-host.ts";
import { turnWarning } from "../ice/turn-warning.ts";
import { NodeCredentials } from "../link/node-credentials.ts";
import { NodeLink } from "../link/node-link.ts";
import { type NodeFacts, NodeMetrics } from "../metrics/node-metrics.ts";
import { startMetricsServer } from "../metrics/server.ts";
import { SessionJournal } from "../metrics/session-journal.ts";
import type { ShardConfig } from "../shard/messages.ts";
import { ShardPool } from "../shard/shard-pool.ts";
import { type MediaAddress, MediaSockets } from "../sockets/media-sockets.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { machineTimeMs } from "../time/machine-time.ts";
import { DEFAULT_ICE, type IceOptions, privateCandidatesOf, withReachableAddress } from "../transport/ice-options.ts";
import type { Log } from "./log.ts";
import { NodeLife } from "./node-life.ts";

/** Sessions per shard: what a core carries with room for peaks (docs/performance.md). */
const SESSIONS_PER_SHARD = 50;
/** A node whose shards have not been heard of for this long does not vouch for them. */
const SHARD_SILENCE_MS = 4_000;
/** What the edge has not acknowledged after this, it learns from the node's silence. */
const HANG_UP_TIMEOUT_MS = 2_000;
/** Long enough for most calls, and less than the grace of platforms that give one for draining. */
const DRAIN_TIMEOUT_MS = 10 * 60_000;

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
  /** How long sessions may go on while the node drains. Default: ten minutes; a day at most. */
  readonly drainTimeoutMs?: number;
  readonly ice?: Partial<IceOptions>;
  /** Whether the edge can be reached from everywhere. Default: as its URL looks. */
  readonly publicEdge?: boolean;
  /** Where it runs, in the operator's words. Default: what the edge can tell. */
  readonly region?: string;
  /** Where clients' WebSockets reach it. Default: nowhere, and the edge bridges them. */
  readonly media?: MediaAddress;
  /** Where to listen for Prometheus and for probes. Default: nowhere. */
  readonly metrics?: { readonly host: string; readonly port: number };
  readonly log: Log;
  readonly clock?: Clock;
}

export interface RunningNode {
  /** Names of the streams it serves. */
  readonly streams: readonly string[];
  /** Settles when the edge has welcomed the node for the first time. */
  readonly linked: Promise<void>;
  /** Settles when the node has ended: stopped, or drained, which the edge may ask for, too. */
  readonly ended: Promise<void>;
  /** Takes no more sessions and ends when the last one is over, at the latest after `drainTimeoutMs`. */
  drain(): void;
  /** Ends every session, tells the edge, stops every process. */
  stop(): Promise<void>;
}

/** @throws Error where the stream file cannot be loaded. */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { log, clock = systemClock } = options;
  const drainTimeoutMs = Math.min(options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS, MAX_DRAIN_TIMEOUT_MS);
  const size = options.shards ?? availableParallelism();
  const capacity = options.capacity ?? size * SESSIONS_PER_SHARD;
  const isPublic = options.publicEdge ?? isPublicHost(new URL(options.edgeUrl).hostname);
  const linked = Promise.withResolvers<void>();
  let link: NodeLink | undefined;
  let life: NodeLife | undefined;
  const facts = (): NodeFacts => ({
    sessions: pool.sessionFacts,
    streams: pool.streams.map(({ name }) => name),
    capacity,
    ready: pool.ready,
    draining: life?.leaving ?? false,
    linked: link?.phase === "linked",
    shards: pool.shards,
    shardDeaths: pool.deaths,
  });
  const metrics = new NodeMetrics(options.nodeId, facts);
  const journal = new SessionJournal({ clock, log, metrics });
  const pool = new ShardPool({
    size,
    capacity,
    clock,
    log,
    config: {
      streamFile: options.streamFile,
      ice: iceConfig(withReachableAddress({ ...DEFAULT_ICE, ...options.ice }), isPublic),
    },
    onEvent: (event) => {
      journal.event(event);
      link?.report(event);
      life?.sessionsChanged();
    },
    onOutput: (news) => link?.reportOutput(news),
    onChange: () => {
      link?.reportLoad();
      life?.sessionsChanged();
    },
  });
  const { edgeUrl, secret, nodeId } = options;
  const credentials = new NodeCredentials({ secret, nodeId, edgeUrl });
  const ice = { ...DEFAULT_ICE, ...options.ice };
  pool.useIceServers([...ice.iceServers]);
  let clientsHaveTurn: boolean | null = null;
  const iceServers = new IceServersRenewal({
    edgeUrl,
    credentials,
    nodeId,
    clock,
    log,
    // A lite node gathers nothing, and what was given by hand stays.
    onServers: (servers) => {
      if (ice.mode === "full" && ice.iceServers.length === 0) pool.useIceServers(servers);
    },
    onClientsHaveTurn: (there) => {
      clientsHaveTurn = there;
    },
  });
  const sockets = await MediaSockets.start({ address: options.media, edgeUrl, nodeId, credentials, pool, clock });
  if (sockets.publicUrl !== undefined) log.info({ url: sockets.publicUrl }, "media over WebSockets");
  if (options.metrics !== undefined) metrics.watchProcess();
  // Before anything that takes long: a probe is told that the node starts.
  const server = options.metrics && (await startMetricsServer({ ...options.metrics, metrics, facts, log }));
  if (server !== undefined) log.info({ url: server.url }, "metrics");
  try {
    await Promise.all([pool.start(), iceServers.start()]);
  } catch (error) {
    await server?.stop();
    sockets.stop();
    iceServers.stop();
    await pool.stop();
    throw error;
  }
  const warning = turnWarning({ isPublic, clientsHaveTurn, streams: pool.streams });
  if (warning !== null) log.warn(warning);
  const nodeLink = new NodeLink({
    edgeUrl,
    credentials,
    nodeId,
    clock,
    random: Math.random,
    log,
    describe: () => ({
      version: EDGERTC_VERSION,
      ...(options.region === undefined ? {} : { region: options.region }),
      streams: [...pool.streams],
      sessions: pool.snapshots,
    }),
    load: () => ({
      sessions: pool.sessions,
      capacity,
      cpu: Math.min(1, pool.cpu / availableParallelism()),
      ready: pool.ready,
      draining: nodeLife.leaving,
    }),
    onCommand: async (command) => {
      if (command.command === "offer") return await journal.offer(command, (offer) => pool.execute(offer));
      if (command.command === "offer_socket") {
        return await sockets.admit(command, await journal.offer(command, (offer) => pool.execute(offer)));
      }
      if (command.command !== "drain") return await pool.execute(command);
      nodeLife.drain(command.timeoutMs ?? drainTimeoutMs);
      return { id: command.id, ok: true };
    },
    onReported: (events) => {
      for (const { event, sid } of events) if (event === "connected") pool.granted(sid);
    },
    onEnd: (sids) => {
      const held = pool.snapshots.filter(({ sid }) => sids.includes(sid));
      for (const { sid, stream, clientId } of held) {
        const end = { id: `end-${sid}`, command: "end", sid, stream, clientId, reason: "ended_by_edge" } as const;
        pool.execute(end).catch((error: unknown) => log.error({ err: error, sid }, "a session could not be ended"));
      }
    },
    machineTimeMs,
    onVouched: (untilMs) => pool.vouch(untilMs),
    onReplaced: () => pool.endAll("edge_lost"),
    alive: () => pool.silentMs < SHARD_SILENCE_MS,
    onLinked: () => {
      log.info({ edge: edgeUrl }, "linked to the edge");
      linked.resolve();
    },
  });
  const nodeLife = new NodeLife({
    clock,
    log,
    sessions: () => pool.sessions,
    refuseSessions: () => {
      pool.refuse();
      nodeLink.reportLoad();
    },
    endSessions: () => pool.endAll("draining"),
    // In this order: when the edge hears that the node is gone, none of its sessions is left.
    close: async () => {
      iceServers.stop();
      sockets.stop();
      await pool.stop();
      await nodeLink.stop(HANG_UP_TIMEOUT_MS);
      await server?.stop();
    },
  });
  link = nodeLink;
  life = nodeLife;
  nodeLink.start();
  return {
    streams: pool.streams.map(({ name }) => name),
    linked: linked.promise,
    ended: nodeLife.ended,
    drain: () => nodeLife.drain(drainTimeoutMs),
    async stop() {
      nodeLife.hurry();
      await nodeLife.ended;
    },
  };
}

function iceConfig(ice: IceOptions, publicEdge: boolean): ShardConfig["ice"] {
  return {
    mode: ice.mode,
    additionalAddresses: [...ice.additionalAddresses],
    privateCandidates: privateCandidatesOf(ice, publicEdge),
    ...(ice.bindAddress === undefined ? {} : { bindAddress: ice.bindAddress }),
    ...(ice.portRange === undefined ? {} : { portRange: [...ice.portRange] }),
  };
}
