/** What operators meet. */
import { type ErrorEntry, entry } from "./entry.ts";

export const OPERATOR_ERRORS = {
  admin_disabled: entry(
    503,
    false,
    "The operators' API is off.",
    "EDGERTC_ADMIN_TOKEN is not set on the Worker, or is shorter than 16 characters.",
    "Set it: `npx wrangler secret put EDGERTC_ADMIN_TOKEN`, 32 random characters or more.",
  ),
  admin_unauthorized: entry(
    401,
    false,
    "The token is wrong.",
    "The request does not carry the edge's EDGERTC_ADMIN_TOKEN as `Authorization: Bearer …`.",
    "Give the token that the Worker has. `npx edgertc dev` prints an address with its own.",
  ),
  port_unavailable: entry(
    503,
    false,
    "The node cannot listen where it was told to.",
    "Another program has the port, it is one that this user may not have, or the address is another machine's.",
    "End the other program, or give another: --media-host, --media-port, --metrics-host, --metrics-port.",
  ),
  invalid_request: entry(
    422,
    false,
    "The request's body or query cannot be used.",
    "It is not JSON, lacks a field, or a value is out of bounds.",
    "See docs/operators.md for what each route takes.",
  ),
  unknown_node: entry(
    404,
    false,
    "There is no such media node.",
    "No node of this name has been here within the last week.",
    "GET /admin/api/overview lists the names.",
  ),
  unknown_session: entry(
    404,
    false,
    "There is no such session.",
    "It has ended a while ago, was replaced by a newer one, or never was.",
    "GET /admin/api/streams/<stream>/sessions lists those that run.",
  ),
  session_starting: entry(
    409,
    true,
    "The session is just starting.",
    "It has its slot, and its offer is still on the way to the node.",
    "Try again in a moment.",
  ),
} as const satisfies Record<string, ErrorEntry>;
