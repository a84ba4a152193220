/** Ids and names: what they look like and how they are made. */
import * as v from "valibot";
import { MAX_CLIENT_ID_CHARS } from "./limits.ts";

export { DEFAULT_STREAM, StreamName, streamPath } from "./stream-name.ts";

declare const crypto: { randomUUID(): string };

/** First path segments that belong to the edge itself, so that no stream can take them. */
export const RESERVED_STREAM_NAMES: readonly string[] = [
  "admin",
  "api",
  "assets",
  "config",
  "docs",
  "health",
  "input_hook",
  "node",
  "outputs",
  "queue",
  "sessions",
  "streams",
  "telephone",
  "turn",
  "webrtc",
  "websocket",
];

/** The client's own name for its session (`webrtc_id`). Often short and guessable: never trusted as a secret. */
export const ClientId = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_CLIENT_ID_CHARS));

/** One incarnation of a session, minted by the edge. */
export const SessionId = v.pipe(v.string(), v.regex(/^s_[0-9a-f]{32}$/));

/** A place in the queue. A secret: whoever has it has the place. */
export const Ticket = v.pipe(v.string(), v.regex(/^q_[0-9a-f]{32}$/));

/** The ticket of a session that was refused, or that ended at its time limit: as hard to guess as its id. */
export function ticketOf(sid: string): string {
  return `q_${sid.slice("s_".length)}`;
}

/** The session that a ticket stands for: the one that was refused, or the one before. */
export function sessionOfTicket(ticket: string): string {
  return `s_${ticket.slice("q_".length)}`;
}

/** A media node's name, stable over its restarts. */
export const NodeId = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/));

/** Mints a session id: 122 random bits. */
export function newSessionId(): string {
  return `s_${crypto.randomUUID().replaceAll("-", "")}`;
}
