/**
 * How a session's outputs come from its object to the Worker that writes them to a client: a WebSocket, because an object
 * can hibernate behind one. An event stream written by the object itself would keep it in memory, and billed, for the call.
 */
import * as v from "valibot";
import { ClientId, SessionId, StreamName } from "../../shared/ids.ts";
import { KeptOutputs, Output } from "../../shared/link.ts";

/** The request that opens the socket. Its other answers: 204, the session has ended; else a refusal of the catalogue. */
export const WatchQuery = v.object({
  stream: StreamName,
  clientId: ClientId,
  /** The session that is meant; absent is whichever has the client id. */
  sid: v.optional(SessionId),
  /** The id of the last output that the client has seen, of whatever session; empty is none. */
  after: v.pipe(v.string(), v.maxLength(64)),
});
export type WatchQuery = v.InferOutput<typeof WatchQuery>;

export const WatchMessage = v.variant("kind", [
  /** First, or after outputs that overtook it: those the node still has. `tag` names the session in the outputs' ids. */
  v.object({ kind: v.literal("kept"), tag: v.string(), ...KeptOutputs.entries }),
  v.object({ kind: v.literal("output"), ...Output.entries }),
]);
export type WatchMessage = v.InferOutput<typeof WatchMessage>;

/** Close code of a session that is over. Any other means: open the socket again. */
export const SESSION_OVER = 4100;

/** Client ids are used again: an id of an older session's output must not hide a new one's. */
export function tagOf(sid: string): string {
  return sid.slice(2, 10);
}

export function outputId(tag: string, seq: number): string {
  return `${tag}-${seq}`;
}

/** The number of the last output seen; 0 if the id is of another session, or none. */
export function seqAfter(after: string, tag: string): number {
  const [, of, seq] = /^([0-9a-f]{8})-(\d{1,9})$/.exec(after) ?? [];
  return of === tag ? Number(seq) : 0;
}
