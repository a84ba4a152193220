/** Replies that carry an entry of the error catalogue. */
import { ERRORS, type ErrorCode, failedBody } from "../../shared/errors.ts";

/** A refusal with the catalogue's own status. */
export function refuse(code: ErrorCode, message?: string): Response {
  return Response.json(failedBody(code, message), { status: ERRORS[code].status });
}
