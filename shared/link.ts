/**
 * The node link: the messages between a media node and its MediaNode object over one WebSocket, as schemas.
 *
 * Every message is an envelope `{v, seq, ack, kind, body}`. `seq` counts a side's messages on this socket from 1, `ack`
 * is the highest `seq` seen from the other side. Reports are repeated after a redial until they are acknowledged, and
 * commands carry an `id` that makes them idempotent: a node that has answered an id answers it again the same way.
 */
import * as v from "valibot";
import { IceCandidate } from "./candidate.ts";
import { StreamDescriptor } from "./descriptor.ts";
import { ClientId, NodeId, SessionId, StreamName } from "./ids.ts";
import { MAX_CANDIDATES, MAX_KEPT_OUTPUTS, MAX_OUTPUT_CHARS, MAX_SDP_CHARS, MAX_STREAMS_PER_NODE } from "./limits.ts";
import { NO_FACTS, RequestFacts } from "./request-facts.ts";
import { EndReason, LeaseState } from "./session.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Path a node dials, with a token for it (node-token.ts) as its bearer token, and {@link NODE_ID_HEADER}. */
export const NODE_LINK_PATH = "/node/link";
export const NODE_ID_HEADER = "x-edgertc-node";

/** Path a node without a public address dials for one session's media, with {@link NodeMediaQuery} and a token. */
export const NODE_MEDIA_PATH = "/node/media";

/** Path of a node's own server for one session's media; a ticket follows. */
export const MEDIA_SOCKET_PATH = "/media";

/** The node's heartbeat and the runtime's automatic reply: neither wakes the object nor is billed. */
export const LINK_PING = "ping";
export const LINK_PONG = "pong";

/** How often a node pings. Two are missed before the 5 s after which it counts as suspect. */
export const LINK_PING_INTERVAL_MS = 1_500;
/** No word from a node for this long: suspect, nothing is placed on it. */
export const NODE_SUSPECT_MS = 5_000;
/** A socket that closed while the object was up, and is not redialled within this: lost. */
export const NODE_REDIAL_GRACE_MS = 5_000;
/** No word from a node for this long: lost, its leases are freed. */
export const NODE_LOST_MS = 20_000;
/** A node that has had no acknowledgement from the edge for this long ends its own sessions; less than NODE_LOST_MS. */
export const NODE_FENCE_MS = 15_000;

/** WebSocket close codes of the link, in the application's range. */
export const LinkClose = {
  /** The edge: another socket with this node id took over. */
  replaced: 4001,
  /** The edge: the hello was not understood or its version is not spoken. */
  protocol: 4002,
  /** The node: it shuts down, and no session of it is left. */
  goodbye: 4003,
} as const;

/**
 * Where a session is: repeated in every message so that the edge's objects need no look-up. A session whose client id is not
 * known yet has its sid in place of it; its `connected` then has the client id, and claims it.
 */
const SessionRef = { sid: SessionId, stream: StreamName, clientId: ClientId };

/** Which session a node dials for. */
export const NodeMediaQuery = v.object(SessionRef);
export type NodeMediaQuery = v.InferOutput<typeof NodeMediaQuery>;

/** How a session's media comes over a WebSocket. */
export const SocketTransport = v.picklist(["websocket", "telephone"]);
export type SocketTransport = v.InferOutput<typeof SocketTransport>;

export const SessionSnapshot = v.object({ ...SessionRef, state: LeaseState });
export type SessionSnapshot = v.InferOutput<typeof SessionSnapshot>;

export const SessionEvent = v.variant("event", [
  v.object({ ...SessionRef, event: v.literal("connected") }),
  // A newer node may know reasons that this edge does not.
  v.object({ ...SessionRef, event: v.literal("ended"), reason: v.fallback(EndReason, "failed") }),
]);
export type SessionEvent = v.InferOutput<typeof SessionEvent>;

/** An additional output. `seq` counts its session's from 1; `json` is the list of its arguments. */
export const Output = v.object({ seq: count, json: v.pipe(v.string(), v.maxLength(MAX_OUTPUT_CHARS)) });
export type Output = v.InferOutput<typeof Output>;

/** The outputs that a node still has, and the number of the last one there was; 0 is none. */
export const KeptOutputs = v.object({ last: count, kept: v.pipe(v.array(Output), v.maxLength(MAX_KEPT_OUTPUTS)) });
export type KeptOutputs = v.InferOutput<typeof KeptOutputs>;

/** News of a session whose outputs are watched: one output, or that no more will come. */
export const OutputNews = v.variant("news", [
  v.object({ ...SessionRef, news: v.literal("output"), ...Output.entries }),
  v.object({ ...SessionRef, news: v.literal("end") }),
]);
export type OutputNews = v.InferOutput<typeof OutputNews>;

/** How busy a node is. */
export const NodeLoad = v.object({
  sessions: count,
  /** Sessions it takes at most. */
  capacity: count,
  /** Share of its cores in use, 0 to 1. */
  cpu: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  /** False while it drains or before its session processes are ready. */
  ready: v.boolean(),
  /** True while it drains: it takes no sessions and exits when it has none left. */
  draining: v.optional(v.boolean()),
});
export type NodeLoad = v.InferOutput<typeof NodeLoad>;

// --- node → edge ---------------------------------------------------------------------------------------------------

/** First message on every socket. `epoch` is null for a new run of the node, else the one this run was given. */
export const HelloBody = v.object({
  nodeId: NodeId,
  epoch: v.nullable(count),
  version: v.pipe(v.string(), v.maxLength(64)),
  /** Where the operator says it runs. Absent: where it dials from, as far as the edge can tell. */
  region: v.optional(v.pipe(v.string(), v.maxLength(64))),
  streams: v.pipe(v.array(StreamDescriptor), v.maxLength(MAX_STREAMS_PER_NODE)),
  /** Every session this run holds: the edge frees leases that are not here and asks for the end of ones it does not know. */
  sessions: v.array(SessionSnapshot),
  load: NodeLoad,
});
export type HelloBody = v.InferOutput<typeof HelloBody>;

export const ReportBody = v.object({
  events: v.pipe(v.array(SessionEvent), v.maxLength(1_000)),
  /** Outputs of sessions that are watched. */
  outputs: v.optional(v.pipe(v.array(OutputNews), v.maxLength(1_000))),
  load: v.optional(NodeLoad),
});
export type ReportBody = v.InferOutput<typeof ReportBody>;

/** Answer to a command. `error` is a code of the catalogue; `message` explains it more exactly. */
export const ReplyBody = v.variant("ok", [
  v.object({
    id: v.string(),
    ok: v.literal(true),
    sdp: v.optional(v.string()),
    outputs: v.optional(KeptOutputs),
    /** Of `offer_socket`: where the client's socket goes, `wss://…/media/<ticket>`, once. Absent: the node dials. */
    socketUrl: v.optional(v.pipe(v.string(), v.maxLength(2_048))),
  }),
  v.object({ id: v.string(), ok: v.literal(false), error: v.string(), message: v.optional(v.string()) }),
]);
export type ReplyBody = v.InferOutput<typeof ReplyBody>;

// --- edge → node ---------------------------------------------------------------------------------------------------

/** Answer to hello. `end` lists sessions of the snapshot whose lease is gone: the node ends them. */
export const WelcomeBody = v.object({ epoch: count, end: v.array(SessionId) });
export type WelcomeBody = v.InferOutput<typeof WelcomeBody>;

/** For the handler, and for nothing else: what of it cannot be read does not cost the call. A node that is older leaves it. */
const Facts = v.optional(v.fallback(RequestFacts, NO_FACTS));

/** Commands about one session. */
export const SessionCommand = v.variant("command", [
  v.object({
    id: v.string(),
    command: v.literal("offer"),
    ...SessionRef,
    sdp: v.pipe(v.string(), v.maxLength(MAX_SDP_CHARS)),
    /** The session that ended at its time limit, whose caller this is: its state may be kept. */
    resumes: v.optional(SessionId),
    /** Candidates that came before the offer. */
    candidates: v.pipe(v.array(IceCandidate), v.maxLength(MAX_CANDIDATES)),
    /** The session ends this long after it connected, or at its stream's own limit if that is earlier. */
    timeLimitMs: v.optional(v.pipe(count, v.minValue(1))),
    request: Facts,
  }),
  /**
   * A session whose media comes over a WebSocket. The reply says where to, or the node dials the edge for it. It is there
   * from now on; without a socket, or without the client's first message, it ends as `never_connected`.
   */
  v.object({
    id: v.string(),
    command: v.literal("offer_socket"),
    ...SessionRef,
    transport: SocketTransport,
    resumes: v.optional(SessionId),
    timeLimitMs: v.optional(v.pipe(count, v.minValue(1))),
    request: Facts,
    /** The session's own secret, on a strict edge: for the client, if it understands that. */
    secret: v.optional(v.pipe(v.string(), v.maxLength(256))),
  }),
  v.object({ id: v.string(), command: v.literal("candidate"), ...SessionRef, candidate: IceCandidate }),
  /** The client's network has changed: its new offer, which restarts ICE. The reply has the answer. */
  v.object({
    id: v.string(),
    command: v.literal("restart"),
    ...SessionRef,
    sdp: v.pipe(v.string(), v.maxLength(MAX_SDP_CHARS)),
  }),
  v.object({ id: v.string(), command: v.literal("end"), ...SessionRef, reason: EndReason }),
  /** Inputs that the client sent: those not among the values stay as they are. */
  v.object({
    id: v.string(),
    command: v.literal("inputs"),
    ...SessionRef,
    values: v.record(v.string(), v.unknown()),
  }),
  /** Answer now, with what was said so far. */
  v.object({ id: v.string(), command: v.literal("trigger_response"), ...SessionRef }),
  /** Tell the client that its connection is over; FastRTC's clients then hang up. */
  v.object({
    id: v.string(),
    command: v.literal("update_connection"),
    ...SessionRef,
    connection: v.literal("closed"),
  }),
  /** Report outputs from now on. The reply has those kept after `after`. */
  v.object({ id: v.string(), command: v.literal("watch_outputs"), ...SessionRef, after: count }),
  v.object({ id: v.string(), command: v.literal("unwatch_outputs"), ...SessionRef }),
]);
export type SessionCommand = v.InferOutput<typeof SessionCommand>;

/** Longest a node can be told to wait for its sessions: a day. */
export const MAX_DRAIN_TIMEOUT_MS = 24 * 60 * 60 * 1_000;

/** Commands about the node itself. */
export const NodeCommand = v.variant("command", [
  /**
   * Take no more sessions; when the last one is over, or after `timeoutMs`, exit. Null is the node's own
   * `--drain-timeout-ms`. Answered at once; the same as SIGTERM. Said again, the earlier deadline holds.
   */
  v.object({
    id: v.string(),
    command: v.literal("drain"),
    timeoutMs: v.nullable(v.pipe(count, v.maxValue(MAX_DRAIN_TIMEOUT_MS))),
  }),
]);
export type NodeCommand = v.InferOutput<typeof NodeCommand>;

export const Command = v.variant("command", [SessionCommand, NodeCommand]);
export type Command = v.InferOutput<typeof Command>;

/** The version of the node link that brought each command: a node of an older one is not sent it. */
export const COMMAND_SINCE = {
  offer: 1,
  offer_socket: 3,
  candidate: 1,
  restart: 3,
  end: 1,
  inputs: 2,
  trigger_response: 2,
  update_connection: 2,
  watch_outputs: 2,
  unwatch_outputs: 2,
  drain: 2,
} as const satisfies Record<Command["command"], number>;

// --- envelopes -----------------------------------------------------------------------------------------------------

const envelope = { v: v.pipe(v.number(), v.integer(), v.minValue(1)), seq: count, ack: count };

export const NodeMessage = v.variant("kind", [
  v.object({ ...envelope, kind: v.literal("hello"), body: HelloBody }),
  v.object({ ...envelope, kind: v.literal("report"), body: ReportBody }),
  v.object({ ...envelope, kind: v.literal("reply"), body: ReplyBody }),
  v.object({ ...envelope, kind: v.literal("ack"), body: v.object({}) }),
]);
export type NodeMessage = v.InferOutput<typeof NodeMessage>;

export const EdgeMessage = v.variant("kind", [
  v.object({ ...envelope, kind: v.literal("welcome"), body: WelcomeBody }),
  v.object({ ...envelope, kind: v.literal("command"), body: Command }),
  v.object({ ...envelope, kind: v.literal("ack"), body: v.object({}) }),
]);
export type EdgeMessage = v.InferOutput<typeof EdgeMessage>;
