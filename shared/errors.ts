/**
 * The error catalogue: every error a client, a developer or an operator can meet, as data.
 *
 * Clients of the offer endpoint always get FastRTC's shape, `{"status":"failed","meta":{"error":<code>, …}}`, so that
 * its front ends understand; `message`, `fix` and `retryable` are beside it for people.
 */

import { ACCESS_ERRORS } from "./errors/access.ts";
import { EDGE_ERRORS } from "./errors/edge.ts";
import type { ErrorEntry } from "./errors/entry.ts";
import { FASTRTC_ERRORS } from "./errors/fastrtc.ts";
import { LINK_ERRORS } from "./errors/link.ts";
import { MODEL_ERRORS } from "./errors/models.ts";
import { OPERATOR_ERRORS } from "./errors/operators.ts";
import { REMOTE_MODEL_ERRORS } from "./errors/remote-models.ts";
import { SESSION_ERRORS } from "./errors/session.ts";
import { SPEECH_ERRORS } from "./errors/speech.ts";
import { TELEPHONE_ERRORS } from "./errors/telephone.ts";
import { TURN_ERRORS } from "./errors/turn.ts";
import { WEBSOCKET_ERRORS } from "./errors/websocket.ts";

export type { ErrorEntry };

export const ERRORS = {
  ...FASTRTC_ERRORS,
  ...EDGE_ERRORS,
  ...WEBSOCKET_ERRORS,
  ...TURN_ERRORS,
  ...ACCESS_ERRORS,
  ...TELEPHONE_ERRORS,
  ...LINK_ERRORS,
  ...OPERATOR_ERRORS,
  ...SESSION_ERRORS,
  ...MODEL_ERRORS,
  ...SPEECH_ERRORS,
  ...REMOTE_MODEL_ERRORS,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** True for a string that names an entry of the catalogue. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** FastRTC's failure body, with our explanation beside the code. */
export interface FailedBody {
  readonly status: "failed";
  readonly meta: {
    readonly error: string;
    readonly limit?: number;
    /** A place in line, on a stream with a queue: to be sent with the next offer. */
    readonly ticket?: string;
    /** 1 is next. */
    readonly position?: number;
    /** Null where nothing is known to go by. */
    readonly estimatedWaitMs?: number | null;
    /** When to ask how the ticket stands. */
    readonly retryAfterMs?: number;
    readonly message?: string;
    readonly fix?: string;
    readonly retryable?: boolean;
  };
}

/**
 * A refusal in FastRTC's own words: its keys and nothing else, so that it is the same to the byte.
 * @param error a code or, as FastRTC does for malformed candidates, a raw sentence.
 */
export function fastRtcRefusal(error: string, limit?: number): FailedBody {
  return { status: "failed", meta: limit === undefined ? { error } : { error, limit } };
}

/** A caller's place in line, as clients see it. */
export type QueuePlace = Required<Pick<FailedBody["meta"], "ticket" | "position" | "estimatedWaitMs" | "retryAfterMs">>;

/** A refusal with a place in line beside it. */
export function withPlace({ status, meta }: FailedBody, place: QueuePlace | undefined): FailedBody {
  if (place === undefined) return { status, meta };
  const { ticket, position, estimatedWaitMs, retryAfterMs } = place;
  return { status, meta: { ...meta, ticket, position, estimatedWaitMs, retryAfterMs } };
}

/**
 * A refusal of EdgeRTC's own, in FastRTC's shape, that explains itself.
 * @param message replaces the catalogue's sentence where the cause is known more exactly.
 */
export function failedBody(code: ErrorCode, message?: string): FailedBody {
  const { what, fix, retryable } = ERRORS[code];
  return { status: "failed", meta: { error: code, message: message ?? what, fix, retryable } };
}

/** An error that carries its catalogue code through exceptions. */
export class EdgeRtcError extends Error {
  override readonly name = "EdgeRtcError";
  readonly code: ErrorCode;

  /** @param message replaces the catalogue's sentence; the fix is appended to it. */
  constructor(code: ErrorCode, message?: string, options?: ErrorOptions) {
    super(`${message ?? ERRORS[code].what} ${ERRORS[code].fix}`, options);
    this.code = code;
  }
}
