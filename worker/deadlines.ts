/** How long the edge waits for a node, and what follows from it for the ledger. */
import { CONNECT_TIMEOUT_MS } from "../shared/session.ts";

/** A command without a reply after this long has failed. It bounds a whole offer, however many nodes are asked. */
export const COMMAND_DEADLINE_MS = 10_000;

/** Slack for a report on its way. */
const GRACE_MS = 5_000;

/** An offer may be on its way to a node for this long: its lease is not missed in a snapshot yet. */
export const IN_FLIGHT_MS = COMMAND_DEADLINE_MS + GRACE_MS;

/**
 * A lease that is still pending this long after it was placed is freed. The node ends a session that never connects by
 * itself, but it counts from when it took the offer, which may be as late as the command's deadline: the ledger must not
 * be earlier, or the slot is given away twice.
 */
export const PENDING_LEASE_MS = COMMAND_DEADLINE_MS + CONNECT_TIMEOUT_MS + GRACE_MS;

/** When a node is back from silence, its pending leases get at least this: its reports are on their way. */
export const BACK_AGAIN_GRACE_MS = GRACE_MS;
