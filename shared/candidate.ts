/** ICE candidates as they are trickled: FastRTC's format checks (fastrtc §1.2, rows 5–10), shared by edge and node. */
import * as v from "valibot";
import { MAX_CANDIDATE_CHARS } from "./limits.ts";

/** `RTCIceCandidate.toJSON()`, as much of it as is used. */
export const IceCandidate = v.object({
  candidate: v.pipe(v.string(), v.maxLength(MAX_CANDIDATE_CHARS)),
  sdpMid: v.nullish(v.pipe(v.string(), v.maxLength(64))),
  sdpMLineIndex: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))),
  usernameFragment: v.nullish(v.pipe(v.string(), v.maxLength(256))),
});
export type IceCandidate = v.InferOutput<typeof IceCandidate>;

/** FastRTC reads ten whitespace-separated fields; a bare `… typ host` line has eight and is refused by it. */
const MIN_FIELDS = 10;

export type CandidateCheck =
  | { readonly ok: true; readonly candidate: IceCandidate }
  | { readonly ok: false; readonly error: string };

/**
 * Checks a candidate the way FastRTC does, with its words.
 * @param raw the request's `candidate` field, of any shape.
 */
export function checkCandidate(raw: unknown): CandidateCheck {
  if (raw === null || raw === undefined) {
    // FastRTC lets Python's own words through; clients and tests compare them.
    return { ok: false, error: "'NoneType' object has no attribute 'get'" };
  }
  const parsed = v.safeParse(IceCandidate, raw);
  if (!parsed.success) return { ok: false, error: "invalid_candidate_format" };
  const candidate = parsed.output;
  const fields = candidate.candidate.trim().split(/\s+/);
  if (fields.length < MIN_FIELDS || !candidate.candidate.startsWith("candidate:")) {
    return { ok: false, error: "invalid_candidate_format" };
  }
  for (const number of [fields[1], fields[3], fields[5]]) {
    if (number === undefined || !/^[+-]?\d+$/.test(number)) {
      return { ok: false, error: `invalid literal for int() with base 10: '${number}'` };
    }
  }
  const mid = candidate.sdpMid ?? null;
  const line = candidate.sdpMLineIndex ?? null;
  if (mid === null && line === null) {
    return { ok: false, error: "Candidate must have either sdpMid or sdpMLineIndex" };
  }
  return { ok: true, candidate };
}
