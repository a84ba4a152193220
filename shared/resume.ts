/** How a data channel takes the place of a session's former one: both sides say how far they have heard. */
import * as v from "valibot";

/**
 * Sent by our client instead of `hello` on a new connection that takes the place of the session's former one: how many texts it has
 * had of the node in all. Neither this nor its answer counts as one.
 */
export const ClientResume = v.object({
  type: v.literal("resume"),
  received: v.pipe(v.number(), v.integer(), v.minValue(0)),
});
export type ClientResume = v.InferOutput<typeof ClientResume>;

/**
 * The node's answer: how many it has had of the client, and how many of its own came before those that follow, of which the client may
 * have had some by now. Either side sends again what the other has not had. A node that is older does not say `sent`.
 */
export const Resumed = v.object({
  type: v.literal("resumed"),
  data: v.object({ received: v.number(), sent: v.optional(v.number()) }),
});
export type Resumed = v.InferOutput<typeof Resumed>;
