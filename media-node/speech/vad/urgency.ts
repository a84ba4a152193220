/**
 * How long a window may wait for others to share its run. Waking the thread costs as much as twenty windows do, and most windows change
 * nothing: what a session's owner waits for decides which of them are wanted soon.
 */
import { VAD_WINDOW_MS } from "../../turn/speech-detector.ts";
import type { Expected } from "../../turn/turn-finder.ts";

/**
 * - `soon`: somebody may wait for it.
 * - `quiet`: it is silent, but not long after speech.
 * - `calm`: it is silent, as the session has been for a while.
 * - a number: it is wanted with a window that ends so many milliseconds later.
 */
export type Urgency = "soon" | "quiet" | "calm" | number;

/** How long a window may wait for others to share its batch. */
export const BATCH_DELAY_MS = 16;
/** Two windows: a voice that begins below −50 dB is noticed so much later. */
export const QUIET_DELAY_MS = 64;
/** Nobody waits to hear that there is still nothing. */
export const CALM_DELAY_MS = 128;
/** Longest that one waits in speech: what follows from it, such as where it stopped, is then known with the next four windows. */
export const PATIENT_DELAY_MS = 128;
/** Audio comes in frames of 20 ms: a window may be complete so much after the sound at its end. */
const FRAME_MS = 20;

export function delayMs(urgency: Urgency, batchDelayMs: number): number {
  if (urgency === "soon") return batchDelayMs;
  if (urgency === "quiet") return Math.max(QUIET_DELAY_MS, batchDelayMs);
  if (urgency === "calm") return Math.max(CALM_DELAY_MS, batchDelayMs);
  // Until the one that decides goes, and takes it along: on the stroke, the two would be a run each.
  return Math.max(Math.min(PATIENT_DELAY_MS, urgency + FRAME_MS + batchDelayMs), batchDelayMs);
}

export interface WindowFacts {
  /** The session's count of windows. */
  readonly index: number;
  /** That of the last which was reported; −1 for none. */
  readonly reportedIndex: number;
  /** Undefined: the owner has not said. */
  readonly awaited: Expected | undefined;
  /** Asked only where it matters: it looks at each sample. */
  readonly isLoud: () => boolean;
  /** Not long after a window that may have been speech. */
  readonly isAlert: boolean;
}

export function urgencyOf({ index, reportedIndex, awaited, isLoud, isAlert }: WindowFacts): Urgency {
  if (typeof awaited === "number") {
    const awaitedIndex = reportedIndex + Math.ceil(awaited / VAD_WINDOW_MS);
    return index < awaitedIndex ? (awaitedIndex - index) * VAD_WINDOW_MS : "soon";
  }
  if (isLoud()) return "soon";
  if (!isAlert) return "calm";
  return awaited === "speech" ? "quiet" : "soon";
}
