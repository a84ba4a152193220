import { describe, expect, it } from "vitest";
import type { TurnState } from "../../client/index.ts";
import { exchangesOf, logged, MAX_LOGGED, medianOf, type TurnLog } from "./turn-log.ts";

const logOf = (...steps: [TurnState, number][]): TurnLog =>
  steps.reduce<TurnLog>((log, [state, atMs]) => logged(log, state, atMs), []);

describe("the log of turns", () => {
  it("tells how long each part of an exchange took", () => {
    const log = logOf(
      ["listening", 0],
      ["user_speaking", 100],
      ["thinking", 2_100],
      ["bot_speaking", 2_500],
      ["listening", 4_000],
    );
    expect(exchangesOf(log)).toEqual([
      { id: 2, spokeMs: 2_000, thoughtMs: 400, answeredMs: 1_500, interrupted: false },
    ]);
  });

  it("tells an interruption from the end of a reply", () => {
    const log = logOf(["user_speaking", 0], ["thinking", 10], ["bot_speaking", 20], ["user_speaking", 30]);
    expect(exchangesOf(log).map(({ interrupted }) => interrupted)).toEqual([true, false]);
  });

  it("counts a greeting, and neither a cough nor what is still to come", () => {
    const greeting = exchangesOf(logOf(["thinking", 0], ["bot_speaking", 5], ["listening", 9]));
    expect(greeting).toMatchObject([{ spokeMs: null, thoughtMs: 5, answeredMs: 4 }]);
    expect(exchangesOf(logOf(["user_speaking", 0], ["listening", 90]))).toEqual([]);
    expect(exchangesOf(logOf(["user_speaking", 0]))).toMatchObject([{ spokeMs: null, thoughtMs: null }]);
  });

  it("takes no time for an answer's that none came after: the user went on, or the reply had no sound", () => {
    const log = logOf(
      ...([
        ["user_speaking", 0],
        ["thinking", 1_000],
        ["user_speaking", 1_050],
      ] as [TurnState, number][]),
      ...([
        ["thinking", 2_000],
        ["bot_speaking", 2_400],
        ["listening", 3_000],
      ] as [TurnState, number][]),
      ...([
        ["user_speaking", 4_000],
        ["thinking", 5_000],
        ["listening", 5_020],
      ] as [TurnState, number][]),
    );
    const exchanges = exchangesOf(log);
    expect(exchanges.map(({ spokeMs, thoughtMs, answeredMs }) => [spokeMs, thoughtMs, answeredMs])).toEqual([
      [1_000, null, null],
      [950, 400, 600],
      [1_000, null, null],
    ]);
    expect(medianOf(exchanges.map(({ thoughtMs }) => thoughtMs))).toBe(400);
  });

  it("keeps the newest, and has a median of what is known", () => {
    let log: TurnLog = [];
    for (let i = 0; i < MAX_LOGGED + 5; i++) log = logged(log, "listening", i);
    expect(log).toHaveLength(MAX_LOGGED);
    expect(log.at(-1)?.atMs).toBe(MAX_LOGGED + 4);
    expect([medianOf([null, 3, 1, 2]), medianOf([null])]).toEqual([2, null]);
  });
});
