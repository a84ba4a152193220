/**
 * Who may begin a call: anybody, unless the stream or the edge requires a join token (shared/join-token.ts), minted by the
 * application's backend. Whether it was used before is the ledger's to say, when it grants the lease.
 */
import type { Context } from "hono";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import { type JoinClaims, verifyJoinToken } from "../../shared/join-token.ts";
import { MIN_TOKEN_SECRET_CHARS } from "../../shared/limits.ts";
import { forgetAtMs, type TokenFault, type TokenTimes } from "../../shared/signed-token.ts";
import { isOn } from "../env.ts";
import type { JoinGrant } from "../ledger/types.ts";
import type { OfferBody } from "../offer/body.ts";
import { refuse } from "./reply.ts";
import { bearerOf } from "./secret.ts";
import type { KnownStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

/** What a token allows; nothing of it where none is needed and none was sent. */
export interface Join {
  readonly token?: JoinGrant;
  /** The call ends after this, or at the stream's own limit if that is earlier. */
  readonly timeLimitMs?: number;
}

interface Refused {
  readonly ok: false;
  readonly refusal: Response;
}

/** Null claims: there is no token, and none is needed. */
type Checked = { readonly ok: true; readonly claims: (JoinClaims & TokenTimes) | null } | Refused;

const REFUSALS = {
  malformed: "token_invalid",
  forged: "token_invalid",
  early: "token_invalid",
  expired: "token_expired",
} as const satisfies Record<TokenFault, string>;

const no = (refusal: Response): Refused => ({ ok: false, refusal });

export async function checkJoin(
  c: Context<EdgeEnv>,
  { name, descriptor }: KnownStream,
  body: Pick<OfferBody, "webrtc_id" | "token">,
): Promise<{ readonly ok: true; readonly join: Join } | Refused> {
  const checked = await check(c, { stream: name, descriptor }, body.token ?? null);
  if (!checked.ok) return checked;
  const { claims } = checked;
  if (claims === null) return { ok: true, join: {} };
  if (claims.webrtcId !== undefined && claims.webrtcId !== body.webrtc_id) {
    return no(refuse("token_invalid", "The token is for another webrtc_id."));
  }
  const token = { id: claims.jti, forgetAtMs: forgetAtMs(claims), ticket: await ticketFor(claims.jti) };
  const { timeLimit } = claims;
  return {
    ok: true,
    join: { token, ...(timeLimit === undefined ? {} : { timeLimitMs: Math.ceil(timeLimit * 1_000) }) },
  };
}

/**
 * For what a client needs before its call: TURN credentials. The token is checked but not used up.
 * @param whose a null stream stands for any.
 */
export async function refuseStranger(
  c: Context<EdgeEnv>,
  whose: { readonly stream: string | null; readonly descriptor: StreamDescriptor | null },
): Promise<Response | null> {
  const checked = await check(c, whose, null);
  return checked.ok ? null : checked.refusal;
}

async function check(
  c: Context<EdgeEnv>,
  { stream, descriptor }: { readonly stream: string | null; readonly descriptor: StreamDescriptor | null },
  inBody: string | null,
): Promise<Checked> {
  const required = descriptor?.requireToken === true || isOn(c.env.EDGERTC_REQUIRE_TOKEN);
  const secret = c.env.EDGERTC_TOKEN_SECRET ?? "";
  if (secret.length < MIN_TOKEN_SECRET_CHARS) {
    return required ? no(refuse("tokens_disabled")) : { ok: true, claims: null };
  }
  const given = inBody ?? bearerOf(c.req.header("authorization"));
  if (given === null) return required ? no(refuse("token_required")) : { ok: true, claims: null };
  const verified = await verifyJoinToken(given, secret, Date.now());
  if (!verified.ok) return no(refuse(REFUSALS[verified.fault]));
  const { claims } = verified;
  if (stream !== null && claims.stream !== stream)
    return no(refuse("token_invalid", "The token is for another stream."));
  return { ok: true, claims };
}

/** A token's own place in line, so that offering again and again takes no more of them. As hard to guess as the token's id. */
async function ticketFor(tokenId: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`edgertc ticket ${tokenId}`));
  return `q_${[...new Uint8Array(digest, 0, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
