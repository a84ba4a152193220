/** How a session's object says no, as the body that the client is given. */
import { type ErrorCode, type FailedBody, failedBody, fastRtcRefusal } from "../../shared/errors.ts";

interface Refusal {
  readonly ok: false;
  readonly body: FailedBody;
}

/** In FastRTC's own words. */
export const refused = (code: string, limit?: number): Refusal => ({ ok: false, body: fastRtcRefusal(code, limit) });

/** With an error of ours. */
export const failed = (code: ErrorCode, message?: string): Refusal => ({ ok: false, body: failedBody(code, message) });
