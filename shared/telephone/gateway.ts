/**
 * The telephone gateway's HTTP interface: one number in front of many streams, told apart by a code. Registering is FastRTC's
 * wire format (`register`, `unregister`), so that its client and `edgertc fastphone` need nothing but another address.
 */
import * as v from "valibot";
import { StreamName } from "../ids.ts";

/** Under it: `/incoming`, `/code` and `/status` for providers, `/register` and `/unregister` for whoever has a key. */
export const GATEWAY_PATH = "/telephone/gateway";

/** Digits of a code. */
export const CODE_DIGITS = 6;
export const GatewayCode = v.pipe(v.string(), v.regex(/^\d{6}$/));

/**
 * A host that answers telephone calls as FastRTC does, with the path of its streams: `abc.trycloudflare.com/echo`. A name of the
 * internet: neither an address nor a port, because a provider goes there.
 */
export const GatewayHost = v.pipe(
  v.string(),
  v.maxLength(512),
  v.trim(),
  v.transform((text) => text.replace(/^https:\/\//i, "").replace(/\/$/, "")),
  v.regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}(?:\/[A-Za-z0-9_-]{1,64}){0,3}$/i),
  // A stream's name is case-sensitive, a host's is not.
  v.transform((text) => text.replace(/^[^/]+/, (host) => host.toLowerCase())),
);

/** Body of `POST …/register`. FastRTC's has `url` alone; a stream of the gateway's own edge is for operators. */
export const RegisterRequest = v.union([v.object({ url: GatewayHost }), v.object({ stream: StreamName })]);
export type RegisterRequest = v.InferOutput<typeof RegisterRequest>;

/** Its reply. 202 without a body that matters: this month's minutes are used up. */
export interface RegisterReply {
  readonly code: string;
  /** The number to call. */
  readonly phone: string;
  /** The day on which the quota is renewed, `2026-12-01`. */
  readonly reset_date: string;
  /** Seconds of calls that are left until then. */
  readonly time_remaining: number;
}

/** Body of `POST …/unregister`. FastRTC's client sends the code as it got it. */
export const UnregisterRequest = v.object({
  code: v.union([
    GatewayCode,
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(0),
      v.maxValue(999_999),
      v.transform((code) => String(code).padStart(CODE_DIGITS, "0")),
    ),
  ]),
});

/** A key's name: what an operator calls it. */
export const KeyName = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,39}$/));

/** Under this name stands what is registered with the operators' own token. It has no quota. */
export const OPERATOR_KEY = "operator";

/** Body of `POST /admin/api/gateway/keys`. */
export const GatewayKeyRequest = v.object({
  name: v.pipe(KeyName, v.notValue(OPERATOR_KEY)),
  /** Seconds of calls in a calendar month (UTC). Default: ten minutes, FastRTC's. */
  secondsPerMonth: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000_000)), 600),
});

/** `GET /admin/api/gateway`. Times are milliseconds since 1970. */
export interface GatewayOverview {
  readonly keys: readonly {
    readonly name: string;
    /** Null has no quota. */
    readonly secondsPerMonth: number | null;
    /** Of this month: what has been used, and what calls that are up may still use. */
    readonly usedSeconds: number;
    readonly reservedSeconds: number;
  }[];
  readonly codes: readonly {
    readonly code: string;
    readonly key: string;
    /** A stream of this edge, or a host. */
    readonly target: string;
    readonly expiresMs: number | null;
  }[];
  readonly calls: readonly {
    readonly callId: string;
    readonly code: string;
    readonly key: string;
    readonly startedMs: number;
    readonly endsByMs: number;
  }[];
}
