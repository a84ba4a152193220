/** How long credentials are valid. */
import { CONNECT_TIMEOUT_MS } from "../../shared/session.ts";
import { DEFAULT_TURN_TTL_SECONDS } from "../../shared/turn.ts";

/**
 * Seconds that a client's credentials should be valid. The operator's word is the last. Otherwise 600, or as long as a call
 * of the stream may take: some providers cut a relayed call when its credentials end.
 * @param timeLimit the stream's, in seconds; null is none.
 */
export function clientTtlSeconds(configured: number | undefined, timeLimit: number | null): number {
  if (configured !== undefined) return configured;
  if (timeLimit === null) return DEFAULT_TURN_TTL_SECONDS;
  return Math.max(DEFAULT_TURN_TTL_SECONDS, Math.ceil(timeLimit + CONNECT_TIMEOUT_MS / 1_000));
}
