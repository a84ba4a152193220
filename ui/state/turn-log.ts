/** Whose turn it was and for how long, for developers: a pure function of the turn states as they come. */
import type { TurnState } from "../../client/index.ts";

/** States kept; the oldest go first. */
export const MAX_LOGGED = 200;

export interface LoggedState {
  readonly id: number;
  readonly state: TurnState;
  /** On the page's clock. */
  readonly atMs: number;
}

export type TurnLog = readonly LoggedState[];

export function logged(log: TurnLog, state: TurnState, atMs: number): TurnLog {
  return [...log, { id: (log.at(-1)?.id ?? 0) + 1, state, atMs }].slice(-MAX_LOGGED);
}

/** One exchange, in milliseconds. Null is what has not come. */
export interface Exchange {
  readonly id: number;
  /** How long the user spoke, the silence that ended the turn included; null for a reply that nobody asked for aloud. */
  readonly spokeMs: number | null;
  /** From the end of the turn to the reply's first audio at the media node; null where none came. */
  readonly thoughtMs: number | null;
  /** How long the reply was. */
  readonly answeredMs: number | null;
  /** The user began to speak in the middle of the reply. */
  readonly interrupted: boolean;
}

/** What the log tells, in order. */
export function exchangesOf(log: TurnLog): readonly Exchange[] {
  const exchanges: Exchange[] = [];
  let open: Exchange | null = null;
  /** Whether the open one got as far as the handler. */
  let asked = false;
  for (const [index, { id, state, atMs }] of log.entries()) {
    const next = log[index + 1];
    const lasted = next === undefined ? null : next.atMs - atMs;
    switch (state) {
      case "user_speaking":
        if (open !== null) exchanges.push(open);
        open = { id, spokeMs: lasted, thoughtMs: null, answeredMs: null, interrupted: false };
        asked = false;
        break;
      case "thinking":
        // Asked for in another way than by voice, or the reply to two parts of a sentence.
        open ??= { id, spokeMs: null, thoughtMs: null, answeredMs: null, interrupted: false };
        // The user may have gone on instead, or the reply have no sound: that is no answer's time.
        open = { ...open, thoughtMs: next?.state === "bot_speaking" ? lasted : null };
        asked = true;
        break;
      case "bot_speaking":
        open ??= { id, spokeMs: null, thoughtMs: null, answeredMs: null, interrupted: false };
        open = { ...open, answeredMs: lasted, interrupted: next?.state === "user_speaking" };
        asked = true;
        break;
      case "listening":
        // Noise that was dismissed is no exchange.
        if (open !== null && asked) exchanges.push(open);
        open = null;
        asked = false;
        break;
    }
  }
  if (open !== null) exchanges.push(open);
  return exchanges;
}

/** The middle one of what there is; null of nothing. */
export function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? null;
}
