/** What the edge's routes answer with, as schemas: the API's description is made of them, and tests hold real answers against them. */
import * as v from "valibot";
import { ShownConfig, StreamConfig } from "../../shared/descriptor.ts";
import { Ticket } from "../../shared/ids.ts";
import { EndReason } from "../../shared/session.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const stream = v.pipe(v.string(), v.description("The stream's name."));

export const Success = v.object({ status: v.literal("success") });

const estimate = v.nullable(count);

/** Any refusal, in FastRTC's shape. */
export const Failed = v.object({
  status: v.literal("failed"),
  meta: v.object({
    error: v.pipe(
      v.string(),
      v.description("A code of the error catalogue, or FastRTC's own words for a malformed candidate."),
    ),
    limit: v.optional(v.pipe(count, v.description("With concurrency_limit_reached: sessions at once."))),
    ticket: v.optional(v.pipe(Ticket, v.description("A place in line, to be sent with the next offer."))),
    position: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.description("1 is next."))),
    estimatedWaitMs: v.optional(v.pipe(estimate, v.description("Null where nothing is known to go by."))),
    retryAfterMs: v.optional(v.pipe(count, v.description("When to ask how the ticket stands."))),
    message: v.optional(v.pipe(v.string(), v.description("What happened, for people."))),
    fix: v.optional(v.pipe(v.string(), v.description("What can be done about it."))),
    retryable: v.optional(v.pipe(v.boolean(), v.description("Whether the same request may succeed a moment later."))),
  }),
});

/** What is wrong with a body or a query, as FastAPI says it. */
export const Invalid = v.object({
  detail: v.array(
    v.object({
      type: v.string(),
      loc: v.array(v.union([v.string(), v.number()])),
      msg: v.string(),
      input: v.unknown(),
      ctx: v.optional(v.record(v.string(), v.unknown())),
    }),
  ),
});

export const Answer = v.object({
  sdp: v.string(),
  type: v.literal("answer"),
  session_secret: v.optional(
    v.pipe(v.string(), v.description("On a strict edge: to be sent with every further request about this session.")),
  ),
});

export const OfferReply = v.union([Answer, Success, Failed]);

export const Config = v.object({
  ...StreamConfig.entries,
  ...ShownConfig.entries,
  turn: v.pipe(v.boolean(), v.description("Whether GET /turn has ICE servers for a call.")),
  protocol: v.pipe(v.number(), v.integer(), v.description("Version of what goes over the data channel.")),
});

/** One line of `GET /streams`. */
export const StreamListing = v.object({
  name: v.string(),
  path: v.pipe(v.string(), v.description("Prefix of its routes: empty for the default stream.")),
  modality: StreamConfig.entries.modality,
  mode: StreamConfig.entries.mode,
  title: v.nullable(v.string()),
  limit: v.pipe(count, v.description("Sessions at once.")),
  active: v.pipe(count, v.description("Sessions at the moment.")),
  nodesReady: v.pipe(count, v.description("Media nodes that take sessions.")),
});

export const StreamListings = v.array(StreamListing);

export const Health = v.object({
  status: v.literal("ok"),
  version: v.string(),
  protocol: v.pipe(v.number(), v.integer()),
  nowMs: count,
});

const since = v.pipe(
  v.nullable(v.pipe(v.string(), v.isoTimestamp())),
  v.description("When it was admitted, or ended; null where that is not known any more."),
);

export const SessionState = v.variant("state", [
  v.object({ state: v.literal("pending"), stream, since }),
  v.object({ state: v.literal("live"), stream, since }),
  v.object({ state: v.literal("ended"), reason: EndReason, stream, since }),
]);

export const TicketState = v.variant("state", [
  v.object({
    state: v.literal("waiting"),
    ticket: Ticket,
    position: v.pipe(v.number(), v.integer(), v.minValue(1), v.description("1 is next.")),
    estimatedWaitMs: estimate,
    retryAfterMs: v.pipe(count, v.description("When to ask again; Retry-After says the same.")),
  }),
  v.object({
    state: v.literal("ready"),
    ticket: Ticket,
    holdMs: v.pipe(count, v.description("A slot is held for so long: send the ticket with an offer.")),
  }),
]);

export const LimitReply = v.object({ limit: v.nullable(count), operatorLimit: v.nullable(count), active: count });
export const Draining = v.object({ status: v.literal("draining") });
export const Ending = v.object({ status: v.literal("ending") });
export const Ended = v.object({ status: v.literal("ended") });

const text = v.string();

export const GatewayRegistered = v.object({
  code: v.pipe(text, v.description("What callers type.")),
  phone: v.pipe(text, v.description("The number to call.")),
  reset_date: v.pipe(text, v.description("The day on which the quota is renewed.")),
  time_remaining: v.pipe(count, v.description("Seconds of calls that are left until then.")),
});

export const GatewayOverview = v.object({
  phone: text,
  keys: v.array(
    v.object({ name: text, secondsPerMonth: v.nullable(count), usedSeconds: count, reservedSeconds: count }),
  ),
  codes: v.array(v.object({ code: text, key: text, target: text, expiresMs: v.nullable(count) })),
  calls: v.array(v.object({ callId: text, code: text, key: text, startedMs: count, endsByMs: count })),
});

export const GatewayKey = v.object({ name: text, key: text, secondsPerMonth: count });
