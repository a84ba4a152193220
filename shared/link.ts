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
import { MAX_CANDIDATES, MAX_SDP_CHARS, MAX_STREAMS_PER_NODE } from "./limits.ts";
import { EndReason, LeaseState } from "./session.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Path a node dials, with `Authorization: Bearer <EDGERTC_NODE_SECRET>` and {@link NODE_ID_HEADER}. */
export const NODE_LINK_PATH = "/node/link";
export const NODE_ID_HEADER = "x-edgertc-node";

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
} as const;

/** Where a session is: repeated in every message so that the edge's objects need no look-up. */
const SessionRef = { sid: SessionId, stream: StreamName, clientId: ClientId };

export const SessionSnapshot = v.object({ ...SessionRef, state: LeaseState });
export type SessionSnapshot = v.InferOutput<typeof SessionSnapshot>;

export const SessionEvent = v.variant("event", [
  v.object({ ...SessionRef, event: v.literal("connected") }),
  v.object({ ...SessionRef, event: v.literal("ended"), reason: EndReason }),
]);
export type SessionEvent = v.InferOutput<typeof SessionEvent>;

/** How busy a node is. */
export const NodeLoad = v.object({
  sessions: count,
  /** Sessions it takes at most. */
  capacity: count,
  /** Share of its cores in use, 0 to 1. */
  cpu: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  /** False while it drains or before its session processes are ready. */
  ready: v.boolean(),
});
export type NodeLoad = v.InferOutput<typeof NodeLoad>;

// --- node → edge ---------------------------------------------------------------------------------------------------

/** First message on every socket. `epoch` is null for a new run of the node, else the one this run was given. */
export const HelloBody = v.object({
  nodeId: NodeId,
  epoch: v.nullable(count),
  version: v.pipe(v.string(), v.maxLength(64)),
  streams: v.pipe(v.array(StreamDescriptor), v.maxLength(MAX_STREAMS_PER_NODE)),
  /** Every session this run holds: the edge frees leases that are not here and asks for the end of ones it does not know. */
  sessions: v.array(SessionSnapshot),
  load: NodeLoad,
});
export type HelloBody = v.InferOutput<typeof HelloBody>;

export const ReportBody = v.object({
  events: v.pipe(v.array(SessionEvent), v.maxLength(1_000)),
  load: v.optional(NodeLoad),
});
export type ReportBody = v.InferOutput<typeof ReportBody>;

/** Answer to a command. `error` is a code of the catalogue; `message` explains it more exactly. */
export const ReplyBody = v.variant("ok", [
  v.object({ id: v.string(), ok: v.literal(true), sdp: v.optional(v.string()) }),
  v.object({ id: v.string(), ok: v.literal(false), error: v.string(), message: v.optional(v.string()) }),
]);
export type ReplyBody = v.InferOutput<typeof ReplyBody>;

// --- edge → node ---------------------------------------------------------------------------------------------------

/** Answer to hello. `end` lists sessions of the snapshot whose lease is gone: the node ends them. */
export const WelcomeBody = v.object({ epoch: count, end: v.array(SessionId) });
export type WelcomeBody = v.InferOutput<typeof WelcomeBody>;

export const Command = v.variant("command", [
  v.object({
    id: v.string(),
    command: v.literal("offer"),
    ...SessionRef,
    sdp: v.pipe(v.string(), v.maxLength(MAX_SDP_CHARS)),
    /** Candidates that came before the offer. */
    candidates: v.pipe(v.array(IceCandidate), v.maxLength(MAX_CANDIDATES)),
  }),
  v.object({ id: v.string(), command: v.literal("candidate"), ...SessionRef, candidate: IceCandidate }),
  v.object({ id: v.string(), command: v.literal("end"), ...SessionRef, reason: EndReason }),
]);
export type Command = v.InferOutput<typeof Command>;

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
