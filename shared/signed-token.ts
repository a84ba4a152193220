/**
 * Short-lived signed tokens: JSON Web Tokens, HS256, that media nodes and joining clients carry. What their claims mean is
 * said in node-token.ts and join-token.ts. Whether one was used before is the edge's to remember.
 */
import { errors, jwtVerify, SignJWT } from "jose";
import * as v from "valibot";

declare const crypto: { randomUUID(): string };
declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> };

/** Clocks may differ by this much. A token counts as used for as long past its end. */
export const TOKEN_CLOCK_TOLERANCE_MS = 30_000;

/** Characters of a token. Longer ones are not looked at. */
const MAX_TOKEN_CHARS = 2_048;

/** A sort of token: one is never taken for another. */
export interface TokenSort {
  /** The header's `typ`. */
  readonly typ: string;
  /** From `iat` to `exp` at most. */
  readonly maxLifetimeMs: number;
}

/**
 * What is wrong with a token. `malformed`: no token of this sort, or its claims make no sense. `forged`: another secret
 * signed it. `expired` and `early`: its time is over, or has not come.
 */
export type TokenFault = "malformed" | "forged" | "expired" | "early";

export type Verified<Claims> =
  | { readonly ok: true; readonly claims: Claims & TokenTimes }
  | { readonly ok: false; readonly fault: TokenFault };

const seconds = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The claims that every token has. `jti` is what is remembered of a used one. */
const TokenTimes = v.object({
  jti: v.pipe(v.string(), v.minLength(16), v.maxLength(64)),
  iat: seconds,
  exp: seconds,
});
export type TokenTimes = v.InferOutput<typeof TokenTimes>;

const keyOf = (secret: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(secret);

/** @param claims beside `jti`, `iat` and `exp`, which are set here. */
export async function signToken(
  sort: TokenSort,
  claims: Readonly<Record<string, unknown>>,
  { secret, nowMs, lifetimeMs }: { readonly secret: string; readonly nowMs: number; readonly lifetimeMs: number },
): Promise<string> {
  const iat = Math.floor(nowMs / 1_000);
  return await new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "HS256", typ: sort.typ })
    .setJti(crypto.randomUUID())
    .setIssuedAt(iat)
    .setExpirationTime(iat + Math.ceil(lifetimeMs / 1_000))
    .sign(keyOf(secret));
}

/** Checks signature, sort, times and the shape of the claims. */
export async function verifyToken<Schema extends v.GenericSchema<unknown, object>>(
  sort: TokenSort,
  schema: Schema,
  token: string,
  { secret, nowMs }: { readonly secret: string; readonly nowMs: number },
): Promise<Verified<v.InferOutput<Schema>>> {
  if (token.length > MAX_TOKEN_CHARS) return { ok: false, fault: "malformed" };
  try {
    const { payload } = await jwtVerify(token, keyOf(secret), {
      algorithms: ["HS256"],
      typ: sort.typ,
      currentDate: new Date(nowMs),
      clockTolerance: TOKEN_CLOCK_TOLERANCE_MS / 1_000,
      requiredClaims: ["jti", "iat", "exp"],
    });
    const times = v.safeParse(TokenTimes, payload);
    const claims = v.safeParse(schema, payload);
    if (!times.success || !claims.success) return { ok: false, fault: "malformed" };
    const { iat, exp } = times.output;
    if (exp <= iat || exp - iat > sort.maxLifetimeMs / 1_000) return { ok: false, fault: "malformed" };
    if (iat * 1_000 > nowMs + TOKEN_CLOCK_TOLERANCE_MS) return { ok: false, fault: "early" };
    return { ok: true, claims: { ...claims.output, ...times.output } };
  } catch (error) {
    return { ok: false, fault: faultOf(error) };
  }
}

/** Until when a token must be remembered as used, in milliseconds since 1970. */
export function forgetAtMs({ exp }: TokenTimes): number {
  return exp * 1_000 + TOKEN_CLOCK_TOLERANCE_MS;
}

function faultOf(error: unknown): TokenFault {
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "forged";
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "nbf") return "early";
  if (error instanceof errors.JOSEError) return "malformed";
  throw error;
}
