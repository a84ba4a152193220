/**
 * A ticket for a call's media socket: what proves, at the upgrade, that the call's instructions came from here. It is part of the
 * socket's path, for providers take no query there, and good for one session.
 */
import * as v from "valibot";
import { SessionId, StreamName, Ticket } from "../../shared/ids.ts";
import { signToken, type TokenSort, type Verified, verifyToken } from "../../shared/signed-token.ts";
import type { Env } from "../env.ts";

/** A provider opens the socket when it has said the greeting. */
const LIFETIME_MS = 120_000;

const CALL_TICKET: TokenSort = { typ: "edgertc-call+jwt", maxLifetimeMs: LIFETIME_MS };

const CallTicketClaims = v.object({
  stream: StreamName,
  /** The session's id, where the instructions that come after it name it. */
  sid: v.optional(SessionId),
  /** The session that this call had before its media was cut. */
  resumes: v.optional(SessionId),
  /** Its place in line, which a slot is held for. */
  place: v.optional(Ticket),
  /** Where a gateway counts its minutes. */
  timeLimitMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});
export type CallTicketClaims = v.InferOutput<typeof CallTicketClaims>;

export function mintCallTicket(env: Env, claims: CallTicketClaims, nowMs: number): Promise<string> {
  // Its `typ` keeps it apart from the nodes' own tokens, which the same secret signs.
  return signToken(CALL_TICKET, claims, { secret: secretOf(env), nowMs, lifetimeMs: LIFETIME_MS });
}

export function verifyCallTicket(env: Env, ticket: string, nowMs: number): Promise<Verified<CallTicketClaims>> {
  return verifyToken(CALL_TICKET, CallTicketClaims, ticket, { secret: secretOf(env), nowMs });
}

/** @throws without a node secret: no node could take the call then. */
function secretOf({ EDGERTC_NODE_SECRET: secret }: Env): string {
  if (secret === undefined || secret === "") throw new Error("no EDGERTC_NODE_SECRET to sign call tickets with");
  return secret;
}
