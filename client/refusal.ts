/** A refusal of edge or node, in FastRTC's shape, as the error that it is; with a place in line where the stream has a queue. */
import * as v from "valibot";
import { CallError } from "./errors.ts";

const Refusal = v.object({
  status: v.literal("failed"),
  meta: v.object({
    error: v.string(),
    limit: v.optional(v.number()),
    message: v.optional(v.string()),
    fix: v.optional(v.string()),
    retryable: v.optional(v.boolean()),
    ticket: v.optional(v.string()),
    position: v.optional(v.number()),
    estimatedWaitMs: v.optional(v.nullable(v.number())),
    retryAfterMs: v.optional(v.number()),
  }),
});

/** Null for anything that is no refusal. */
export function refusalIn(reply: unknown): CallError | null {
  const parsed = v.safeParse(Refusal, reply);
  if (!parsed.success) return null;
  const { error, ticket, position, estimatedWaitMs = null, retryAfterMs, ...details } = parsed.output.meta;
  if (ticket === undefined || position === undefined || retryAfterMs === undefined)
    return new CallError(error, details);
  return new CallError(error, { ...details, place: { ticket, position, estimatedWaitMs, retryAfterMs } });
}

/** @throws CallError `invalid_reply` */
export function understand<T>(schema: v.GenericSchema<unknown, T>, reply: unknown): T {
  const parsed = v.safeParse(schema, reply);
  if (!parsed.success) throw new CallError("invalid_reply");
  return parsed.output;
}
