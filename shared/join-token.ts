/**
 * Join tokens, `edgertc/tokens`: a backend's word that one client may make one call. Runs on Node, workerd and any other
 * runtime with WebCrypto. It is a plain JWT (HS256, `typ` `edgertc-join+jwt`), so that any language can mint it
 * (docs/security.md).
 */
import * as v from "valibot";
import { ClientId, DEFAULT_STREAM, StreamName } from "./ids.ts";
import { MAX_JOIN_TOKEN_LIFETIME_MS, MIN_TOKEN_SECRET_CHARS } from "./limits.ts";
import { signToken, type TokenSort, type Verified, verifyToken } from "./signed-token.ts";

const JOIN_TOKEN: TokenSort = { typ: "edgertc-join+jwt", maxLifetimeMs: MAX_JOIN_TOKEN_LIFETIME_MS };

const DEFAULT_LIFETIME_MS = 60_000;

/** What a token allows: one call of one stream. Seconds, as in JWT and as a stream's own `timeLimit`. */
const JoinClaims = v.object({
  stream: StreamName,
  /** The call ends after this many seconds; a stream's own limit stays if it is shorter. */
  timeLimit: v.optional(v.pipe(v.number(), v.gtValue(0))),
  /** Only a call with this client id. */
  webrtcId: v.optional(ClientId),
});
export type JoinClaims = v.InferOutput<typeof JoinClaims>;

export interface JoinTokenOptions {
  /** The edge's EDGERTC_TOKEN_SECRET, 32 characters or more. It never leaves the backend. */
  readonly secret: string;
  /** Name of the stream. Default: the one at the root. */
  readonly stream?: string;
  /** The call must begin within this. Default a minute, at most an hour. */
  readonly lifetimeMs?: number;
  /** Seconds that the call may last. Default: the stream's own limit. */
  readonly timeLimit?: number;
  /** The client id (`webrtc_id`) that the call must have. Default: any. */
  readonly webrtcId?: string;
}

/**
 * Mints a token for one call. The client sends it with its offer, as `token` or as `Authorization: Bearer …`.
 *
 * @example
 * app.post("/call", async (c) => c.json({ token: await createJoinToken({ secret, stream: "echo", timeLimit: 300 }) }));
 * @throws TypeError for options that make no sense, saying which.
 */
export async function createJoinToken(options: JoinTokenOptions): Promise<string> {
  const { secret, stream = DEFAULT_STREAM, lifetimeMs = DEFAULT_LIFETIME_MS, timeLimit, webrtcId } = options;
  if (secret.length < MIN_TOKEN_SECRET_CHARS) {
    throw new TypeError(`The secret of join tokens must have at least ${MIN_TOKEN_SECRET_CHARS} characters.`);
  }
  if (!(lifetimeMs >= 1_000 && lifetimeMs <= MAX_JOIN_TOKEN_LIFETIME_MS)) {
    throw new TypeError(`lifetimeMs must be between 1000 and ${MAX_JOIN_TOKEN_LIFETIME_MS}, not ${lifetimeMs}.`);
  }
  const claims = v.safeParse(JoinClaims, {
    stream,
    ...(timeLimit === undefined ? {} : { timeLimit }),
    ...(webrtcId === undefined ? {} : { webrtcId }),
  });
  if (!claims.success) {
    const [issue] = claims.issues;
    throw new TypeError(`${v.getDotPath(issue) ?? "token"}: ${issue.message}`);
  }
  return await signToken(JOIN_TOKEN, claims.output, { secret, nowMs: Date.now(), lifetimeMs });
}

/** For the edge. */
export function verifyJoinToken(token: string, secret: string, nowMs: number): Promise<Verified<JoinClaims>> {
  return verifyToken(JOIN_TOKEN, JoinClaims, token, { secret, nowMs });
}
