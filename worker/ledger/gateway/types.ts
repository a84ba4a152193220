/** What goes into the gateway's book and comes out of it: plain data, because it travels between objects. */
import type { TelephoneProvider } from "../../../shared/telephone/call-message.ts";

/**
 * Where a code leads.
 * - `stream`: a stream of this edge, by name.
 * - `media`: a host of somebody else. The gateway writes the call's instructions; only its audio goes there.
 * - `incoming`: a host of the operator's own, which is asked for the instructions.
 */
export interface GatewayTarget {
  readonly kind: "stream" | "media" | "incoming";
  /** The stream's name, or the host with the path of its streams. */
  readonly target: string;
}

export type Registration =
  | {
      readonly ok: true;
      readonly code: string;
      /** Null has no quota. */
      readonly remainingSeconds: number | null;
      /** The day of the next month's beginning, `2026-12-01`. */
      readonly resetDate: string;
    }
  | { readonly ok: false; readonly why: "unknown_key" | "no_minutes" | "too_many_codes" };

/** A call that has typed its code. */
export interface CodeAttempt {
  readonly callId: string;
  readonly provider: TelephoneProvider;
  /** The caller's number; empty where it is withheld. */
  readonly caller: string;
  readonly code: string;
  /** The longest that a call may last. */
  readonly maxSeconds: number;
}

export type CodeResult =
  | { readonly ok: true; readonly target: GatewayTarget }
  | { readonly ok: false; readonly why: "wrong_code" | "too_many_tries" | "no_minutes" };

/** A call that is up. */
export interface OpenCall extends GatewayTarget {
  readonly callId: string;
  readonly provider: TelephoneProvider;
  readonly code: string;
  readonly key: string;
  readonly startedMs: number;
  /** When its reservation is over. */
  readonly endsByMs: number;
  /** Its session, where it is one of this edge's. */
  readonly session: { readonly sid: string; readonly sinceMs: number } | null;
}
