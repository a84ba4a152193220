import { describe, expect, it } from "vitest";
import { DEFAULT_END_OF_TURN } from "./end-of-turn.ts";
import type { EndOfTurnModel } from "./end-of-turn-model.ts";
import { TurnJudge } from "./turn-judge.ts";
import { PRE_ROLL_MS } from "./turn-recorder.ts";

const SILENCE_MS = 608;
const { askMs, completeMs, incompleteMs } = DEFAULT_END_OF_TURN;
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A judge whose model answers when the test says so. */
function rig() {
  const asked: { readonly samples: Int16Array; readonly signal: AbortSignal | undefined }[] = [];
  const answers: PromiseWithResolvers<number | undefined>[] = [];
  const errors: unknown[] = [];
  const model: EndOfTurnModel = {
    judge(samples, options) {
      asked.push({ samples, signal: options?.signal });
      const answer = Promise.withResolvers<number | undefined>();
      answers.push(answer);
      return answer.promise;
    },
  };
  const judge = new TurnJudge({
    model,
    options: DEFAULT_END_OF_TURN,
    onError: (error) => errors.push(error),
  });
  return { judge, asked, answers, errors };
}

describe("TurnJudge", () => {
  it("gives the model the turn with its pre-roll, and nothing from before", () => {
    const { judge, asked } = rig();
    judge.push(new Int16Array(48_000).fill(1));
    judge.begin();
    judge.push(new Int16Array(16_000).fill(2));
    judge.heard(askMs);
    expect(asked[0]?.samples.length).toBe(16 * PRE_ROLL_MS + 16_000);
    expect(asked[0]?.samples.subarray(-16_000).every((sample) => sample === 2)).toBe(true);
  });

  it("keeps no more than the last 8 s", () => {
    const { judge, asked } = rig();
    judge.begin();
    for (let second = 0; second < 30; second++) judge.push(new Int16Array(16_000).fill(second));
    judge.heard(askMs);
    expect(asked[0]?.samples.length).toBe(128_000);
    expect(asked[0]?.samples[0]).toBe(22);
  });

  it.each([
    [0.99, completeMs],
    [0.5, incompleteMs],
    [undefined, SILENCE_MS],
  ])("goes by the verdict: after %s it takes %i ms of silence", async (probability, silenceMs) => {
    const { judge, answers } = rig();
    judge.heard(askMs);
    expect(judge.endingSilenceMs(SILENCE_MS)).toBe(SILENCE_MS);
    answers[0]?.resolve(probability);
    await settled();
    expect(judge.endingSilenceMs(SILENCE_MS)).toBe(silenceMs);
    judge.heard(0);
    expect(judge.endingSilenceMs(SILENCE_MS)).toBe(SILENCE_MS);
  });

  it("withdraws its question when the speaker goes on or the turn is over, and takes no answer to it any more", async () => {
    for (const end of [(judge: TurnJudge) => judge.heard(0), (judge: TurnJudge) => judge.over()]) {
      const { judge, asked, answers, errors } = rig();
      judge.heard(askMs);
      end(judge);
      expect(asked[0]?.signal?.aborted).toBe(true);
      // The question about the next pause is another one.
      judge.heard(askMs);
      answers[0]?.resolve(0.99);
      await settled();
      expect(judge.endingSilenceMs(SILENCE_MS)).toBe(SILENCE_MS);
      answers[1]?.reject(new Error("no"));
      await settled();
      expect(errors).toHaveLength(1);
    }
  });

  it("leaves turns to silence where the model fails, and says so once until it works again", async () => {
    const { judge, answers, errors } = rig();
    for (const [turn, fails] of [true, true, false, true].entries()) {
      judge.heard(askMs);
      if (fails) answers[turn]?.reject(new Error("broken"));
      else answers[turn]?.resolve(0.99);
      await settled();
      expect(judge.endingSilenceMs(SILENCE_MS)).toBe(fails ? SILENCE_MS : completeMs);
      judge.over();
    }
    expect(errors).toHaveLength(2);
  });
});
