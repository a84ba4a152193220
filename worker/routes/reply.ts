/** Replies that carry an entry of the error catalogue. */
import { ERRORS, type ErrorCode, failedBody } from "../../shared/errors.ts";

/** A refusal with the catalogue's own status. */
export function refuse(code: ErrorCode, message?: string): Response {
  return Response.json(failedBody(code, message), { status: ERRORS[code].status });
}

/** The catalogue's `unknown_connection` is HTTP 200 for the offer route; a resource that is not there is 404. */
export function refuseUnknown(): Response {
  return Response.json(failedBody("unknown_connection"), { status: 404 });
}
