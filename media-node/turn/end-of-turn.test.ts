import { describe, expect, it } from "vitest";
import {
  DEFAULT_END_OF_TURN,
  type EndOfTurnEvent,
  type EndOfTurnState,
  endingSilenceMs,
  nextEndOfTurn,
} from "./end-of-turn.ts";

const SILENCE_MS = 608;
const speech: EndOfTurnEvent = { type: "window", silenceMs: 0 };
const silent = (silenceMs: number): EndOfTurnEvent => ({ type: "window", silenceMs });
const verdict = (probability: number | undefined): EndOfTurnEvent => ({ type: "verdict", probability });
const over: EndOfTurnEvent = { type: "turn_over" };

function walk(...events: readonly EndOfTurnEvent[]) {
  const actions: string[] = [];
  let state: EndOfTurnState = "unasked";
  for (const event of events) {
    const step = nextEndOfTurn(state, event, DEFAULT_END_OF_TURN);
    state = step.state;
    if (step.action !== undefined) actions.push(step.action);
  }
  return { state, actions, silenceMs: endingSilenceMs(state, SILENCE_MS, DEFAULT_END_OF_TURN) };
}

describe("the end of a turn with a model", () => {
  it("asks once in a pause, when it is longer than a stop within a word", () => {
    expect(walk(speech, silent(32), silent(160)).actions).toEqual([]);
    expect(walk(speech, silent(160), silent(192), silent(224), silent(256)).actions).toEqual(["ask"]);
  });

  it("goes by silence alone until there is a verdict, and where none comes", () => {
    expect(walk(speech, silent(192)).silenceMs).toBe(SILENCE_MS);
    expect(walk(speech, silent(192), verdict(undefined), silent(224))).toMatchObject({
      state: "unknown",
      actions: ["ask"],
      silenceMs: SILENCE_MS,
    });
  });

  it("ends the turn soon where the speaker is done, and waits longer where not", () => {
    expect(walk(speech, silent(192), verdict(0.95)).silenceMs).toBe(DEFAULT_END_OF_TURN.completeMs);
    expect(walk(speech, silent(192), verdict(0.94)).silenceMs).toBe(DEFAULT_END_OF_TURN.incompleteMs);
  });

  it("asks again after more speech, and withdraws a question that speech has answered", () => {
    expect(walk(silent(192), verdict(0.1), speech, silent(192)).actions).toEqual(["ask", "ask"]);
    expect(walk(silent(192), speech, silent(192)).actions).toEqual(["ask", "withdraw", "ask"]);
  });

  it("takes no verdict for a pause that is over, or about another turn", () => {
    expect(walk(silent(192), speech, verdict(0.9))).toMatchObject({ state: "unasked", silenceMs: SILENCE_MS });
    expect(walk(silent(192), over, verdict(0.9))).toMatchObject({ state: "unasked", actions: ["ask", "withdraw"] });
  });

  it("never makes the silence longer for a speaker who is done, nor shorter for one who is not", () => {
    const options = { ...DEFAULT_END_OF_TURN, incompleteMs: 300, completeMs: 192 };
    expect(endingSilenceMs("complete", 96, options)).toBe(96);
    expect(endingSilenceMs("incomplete", 608, options)).toBe(608);
  });
});
