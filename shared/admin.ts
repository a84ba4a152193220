/** The operators' API: what is under `/admin/api`, as schemas that its page parses. Times are milliseconds since 1970. */
import * as v from "valibot";
import { Modality, Mode } from "./descriptor.ts";
import { DEFAULT_STREAM, StreamName } from "./ids.ts";
import { MAX_DRAIN_TIMEOUT_MS } from "./link.ts";
import { EndReason, LeaseState } from "./session.ts";

export const ADMIN_API_PATH = "/admin/api";

/** Characters an admin token has at least: shorter ones are guessed. */
export const MIN_ADMIN_TOKEN_CHARS = 16;

/** The highest limit an operator can set. */
export const MAX_OPERATOR_LIMIT = 1_000_000;

/** Streams of one overview. Past it the last ones by name are left out, and said to be. */
export const MAX_OVERVIEW_STREAMS = 250;

/** Sessions of one page at most. */
export const MAX_SESSIONS_PER_PAGE = 200;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/**
 * - `up`: takes sessions. `starting`: linked, and not ready yet. `draining`: takes no more and ends with its last session.
 * - `suspect`: silent for a moment, so that nothing is placed on it. `lost`: gone; its sessions have ended.
 */
export const NodeHealth = v.picklist(["up", "starting", "draining", "suspect", "lost"]);
export type NodeHealth = v.InferOutput<typeof NodeHealth>;

export const NodeOverview = v.object({
  nodeId: v.string(),
  state: NodeHealth,
  /** When the state, or this link of the node, began; null where it is not known any more. */
  sinceMs: v.nullable(count),
  /** Which run of the node it is. */
  epoch: v.nullable(count),
  version: v.string(),
  region: v.nullable(v.string()),
  /** Leases on it, over all streams. */
  sessions: count,
  /** Sessions it takes at most. */
  capacity: count,
  /** Share of its cores in use, 0 to 1, as last reported. */
  cpu: v.number(),
  streams: v.array(v.string()),
});
export type NodeOverview = v.InferOutput<typeof NodeOverview>;

export const StreamOverview = v.object({
  name: v.string(),
  /** Prefix of its routes: "" for the default stream. */
  path: v.string(),
  title: v.nullable(v.string()),
  modality: Modality,
  mode: Mode,
  /** Sessions at once, as it counts now. */
  limit: count,
  /** The newest build's wish. */
  descriptorLimit: count,
  /** Set by an operator; null is not. */
  operatorLimit: v.nullable(count),
  active: count,
  /** Tickets in the queue. */
  waiting: count,
  nodesReady: count,
});
export type StreamOverview = v.InferOutput<typeof StreamOverview>;

/** `GET /admin/api/overview`. */
export const Overview = v.object({
  nowMs: count,
  version: v.string(),
  nodes: v.array(NodeOverview),
  streams: v.array(StreamOverview),
  /** Streams beyond {@link MAX_OVERVIEW_STREAMS}. */
  streamsLeftOut: count,
});
export type Overview = v.InferOutput<typeof Overview>;

export const SessionListing = v.object({
  sid: v.string(),
  clientId: v.string(),
  stream: v.string(),
  nodeId: v.string(),
  epoch: count,
  state: LeaseState,
  /** When it was admitted. */
  sinceMs: count,
});
export type SessionListing = v.InferOutput<typeof SessionListing>;

/** `GET /admin/api/streams/<stream>/sessions?after=<cursor>&count=<count>`. */
export const SessionPage = v.object({
  sessions: v.array(SessionListing),
  /** `after` of the next page; null is the last one. */
  next: v.nullable(v.string()),
});
export type SessionPage = v.InferOutput<typeof SessionPage>;

/** `GET /admin/api/streams/<stream>/sessions/<client id>`. */
export const SessionDetail = v.variant("state", [
  v.object({ ...SessionListing.entries, state: v.literal("pending") }),
  v.object({ ...SessionListing.entries, state: v.literal("live") }),
  /** Of the last few hundred of a stream. */
  v.object({
    state: v.literal("ended"),
    sid: v.string(),
    clientId: v.string(),
    stream: v.string(),
    reason: EndReason,
    /** When it ended. */
    sinceMs: v.nullable(count),
  }),
]);
export type SessionDetail = v.InferOutput<typeof SessionDetail>;

/** Body of `PUT /admin/api/streams/<stream>/limit`. Null takes the operator's limit back; 0 lets nobody in. */
export const LimitRequest = v.object({ limit: v.nullable(v.pipe(count, v.maxValue(MAX_OPERATOR_LIMIT))) });
export type LimitRequest = v.InferOutput<typeof LimitRequest>;

/** Body of `POST /admin/api/nodes/<node>/drain`; may be left out. Without `timeoutMs` the node's own default counts. */
export const DrainRequest = v.object({ timeoutMs: v.optional(v.pipe(count, v.maxValue(MAX_DRAIN_TIMEOUT_MS))) });
export type DrainRequest = v.InferOutput<typeof DrainRequest>;

/** E.164: a plus, and up to 15 digits. */
export const TelephoneNumber = v.pipe(v.string(), v.regex(/^\+[1-9]\d{5,14}$/));

/** Body of `POST /admin/api/calls`. Default `from`: the variable EDGERTC_TELEPHONE_NUMBER. */
export const CallRequest = v.object({
  to: TelephoneNumber,
  stream: v.optional(StreamName, DEFAULT_STREAM),
  from: v.optional(TelephoneNumber),
});
export type CallRequest = v.InferInput<typeof CallRequest>;

/** Its reply. */
export const CallReply = v.object({ callId: v.string(), provider: v.string() });

/** Body of `PUT /admin/api/calls/<call id>`. */
export const RedirectRequest = v.object({ stream: StreamName });
