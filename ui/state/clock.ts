/** Times as people read them. */

/** `m:ss`, rounded up, so that it says 0:00 only when the time is over. */
export function minutesAndSeconds(durationMs: number): string {
  const seconds = Math.max(0, Math.ceil(durationMs / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
