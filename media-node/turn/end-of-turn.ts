/**
 * How much silence ends a turn, where a model is asked whether the speaker is done: little after a yes, much after a no, and as
 * much as without a model while there is no verdict. Pure: what happens in, the next state and what to do out.
 */

export interface EndOfTurnOptions {
  /** Silence after which the model is asked. Default 192: six windows, a stop within a word is shorter. */
  readonly askMs: number;
  /** Probability from which the speaker counts as done. Default 0.95: Smart Turn is quick to say yes. */
  readonly completeProbability: number;
  /** Silence that ends a turn that sounds done. Default 448. */
  readonly completeMs: number;
  /** Silence that ends a turn that does not sound done. Default 1024. */
  readonly incompleteMs: number;
}

export const DEFAULT_END_OF_TURN: EndOfTurnOptions = {
  askMs: 192,
  completeProbability: 0.95,
  completeMs: 448,
  incompleteMs: 1_024,
};

/**
 * - `unasked`: the speaker talks, or has just stopped.
 * - `asked`: the model was asked about this pause.
 * - `complete`, `incomplete`: what it said.
 * - `unknown`: it said nothing, and is not asked again before there was more speech.
 */
export type EndOfTurnState = "unasked" | "asked" | "complete" | "incomplete" | "unknown";

export type EndOfTurnEvent =
  /** A window of a turn has been heard; `silenceMs` is the silence since the last that was speech. */
  | { readonly type: "window"; readonly silenceMs: number }
  /** The turn ended, or was none. */
  | { readonly type: "turn_over" }
  /** The model's answer about this pause; undefined where it has none. */
  | { readonly type: "verdict"; readonly probability: number | undefined };

/** `ask` the model about the turn so far; `withdraw` what was asked: the answer does not matter any more. */
export type EndOfTurnAction = "ask" | "withdraw";

export interface EndOfTurnStep {
  readonly state: EndOfTurnState;
  readonly action: EndOfTurnAction | undefined;
}

export function nextEndOfTurn(
  state: EndOfTurnState,
  event: EndOfTurnEvent,
  { askMs, completeProbability }: EndOfTurnOptions,
): EndOfTurnStep {
  switch (event.type) {
    case "window":
      if (event.silenceMs === 0) return afresh(state);
      return state === "unasked" && event.silenceMs >= askMs ? { state: "asked", action: "ask" } : stay(state);
    case "turn_over":
      return afresh(state);
    case "verdict":
      if (state !== "asked") return stay(state);
      if (event.probability === undefined) return stay("unknown");
      return stay(event.probability >= completeProbability ? "complete" : "incomplete");
  }
}

/**
 * Silence that ends the turn in this state.
 * @param silenceMs what ends it without a model.
 */
export function endingSilenceMs(state: EndOfTurnState, silenceMs: number, options: EndOfTurnOptions): number {
  if (state === "complete") return Math.min(options.completeMs, silenceMs);
  return state === "incomplete" ? Math.max(options.incompleteMs, silenceMs) : silenceMs;
}

/**
 * Silence at which the next thing may happen in a pause that has lasted for `silenceMs`, apart from its ending the turn as things are: the
 * question, or a yes to it, which ends the turn sooner. Undefined: nothing.
 */
export function nextMs(
  state: EndOfTurnState,
  silenceMs: number,
  { askMs, completeMs }: EndOfTurnOptions,
): number | undefined {
  if (state === "unasked") return askMs;
  // From there on a yes ends it with the next window, whenever that comes.
  return state === "asked" ? Math.max(completeMs, silenceMs + 1) : undefined;
}

function stay(state: EndOfTurnState): EndOfTurnStep {
  return { state, action: undefined };
}

function afresh(state: EndOfTurnState): EndOfTurnStep {
  return { state: "unasked", action: state === "asked" ? "withdraw" : undefined };
}
