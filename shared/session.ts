/** Words for a session's life that edge, node and client share. */
import * as v from "valibot";

/**
 * Why a session ended.
 * - `client_closed`: the client closed its connection. `peer_lost`: it went silent.
 * - `never_connected`: no connection within 30 s of the offer. `failed`: ICE or DTLS failed.
 * - `time_limit`: the stream's time limit. `handler_closed`: the handler yielded CloseStream.
 * - `offer_failed`: the node could not answer the offer. `node_lost`: the node vanished from the edge.
 * - `shard_lost`: the session process died. `edge_lost`: the node lost the edge and fenced itself.
 * - `client_id_taken`: another session had the client id that the client gave. Over a WebSocket it comes after admission.
 * - `draining`: the node is shutting down. `ended_by_edge`: the edge asked for it (fencing, admission that expired, an operator).
 */
export const EndReason = v.picklist([
  "client_closed",
  "peer_lost",
  "never_connected",
  "failed",
  "time_limit",
  "handler_closed",
  "offer_failed",
  "node_lost",
  "shard_lost",
  "edge_lost",
  "client_id_taken",
  "draining",
  "ended_by_edge",
]);
export type EndReason = v.InferOutput<typeof EndReason>;

/** `pending`: admitted, not connected yet. `live`: media flows. */
export const LeaseState = v.picklist(["pending", "live"]);
export type LeaseState = v.InferOutput<typeof LeaseState>;

/** Milliseconds a session may take from its offer to connected, as in FastRTC. */
export const CONNECT_TIMEOUT_MS = 30_000;
