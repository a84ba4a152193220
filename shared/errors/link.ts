/** Between node and edge. */
import { type ErrorEntry, entry } from "./entry.ts";

export const LINK_ERRORS = {
  node_unauthorized: entry(
    401,
    false,
    "The media node's secret is wrong.",
    "EDGERTC_NODE_SECRET of node and edge differ.",
    "Give both the same secret.",
  ),
  node_token_used: entry(
    401,
    true,
    "This request of a media node has been made before.",
    "Each token of a node is good for one request.",
    "The node dials again with a new one by itself. If it goes on, somebody repeats what they have overheard: use https.",
  ),
  node_clock_off: entry(
    401,
    true,
    "The media node's clock differs from the edge's by more than half a minute.",
    "A node's requests are signed for a moment, so that they cannot be repeated later.",
    "The node goes by the edge's time from now on; set its clock right all the same.",
  ),
  node_secret_missing: entry(
    503,
    false,
    "The edge has no node secret.",
    "EDGERTC_NODE_SECRET is not set on the Worker.",
    "Set it: `npx wrangler secret put EDGERTC_NODE_SECRET`.",
  ),
  protocol_mismatch: entry(
    426,
    false,
    "Node and edge speak different protocol versions.",
    "One of them is more than one release older.",
    "Update the older one.",
  ),
  node_replaced: entry(
    409,
    false,
    "Another media node took this name.",
    "Two nodes dialled the edge with the same node id.",
    "Give each node its own --id.",
  ),
} as const satisfies Record<string, ErrorEntry>;
