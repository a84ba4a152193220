/** What a soak must not show. */
import { LIMIT, type SoakReport } from "./soak.ts";

/** The longest a call on a surviving node may be without a packet. */
const MAX_GAP_MS = 400;

/**
 * Every way in which the soak failed; none if it passed.
 * @param maxGapMs for machines that do other things meanwhile. Default 400.
 */
export function failuresOf(report: SoakReport, maxGapMs = MAX_GAP_MS): string[] {
  const { calls, mostAlive, redials, dropped, worstGapMs, mostActive, leaked, faults } = report;
  return [
    // A soak in which nothing happened proves nothing.
    ...(calls < LIMIT || mostAlive === 0 || redials === 0 ? ["there were too few calls or resets"] : []),
    ...(dropped.length > 0 ? [`${dropped.length} calls dropped`] : []),
    ...(worstGapMs > maxGapMs ? [`a call stalled for ${worstGapMs} ms`] : []),
    ...(mostAlive > LIMIT ? [`${mostAlive} sessions were alive at once`] : []),
    ...(mostActive > LIMIT ? [`${mostActive} slots were in use at once`] : []),
    ...(leaked > 0 ? [`${leaked} slots leaked`] : []),
    ...(faults.length > 0 ? [`${faults.length} callers met something else than an answer or a clear refusal`] : []),
  ];
}
