/** What the history says was heard, held against the client's own recording. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clip, concat, levelDb, silence } from "./support/audio.ts";
import { Caller } from "./support/caller.ts";
import { Stack, until } from "./support/stack.ts";

/** Of a word in what the `reciter` says. */
const WORD_MS = 20;
const AUDIBLE_DB = -50;
/** Speech that interrupts begins so long after the reply's first packet. */
const OFFSETS_MS = [400, 1_150, 1_900, 2_800, 4_200];

let stack: Stack;
let sentence: Int16Array;

beforeAll(async () => {
  stack = await Stack.start("test/fixtures/streams.ts");
  await stack.startNode({ shards: 1 });
  sentence = await clip("librivox-0880.wav");
});
afterAll(() => stack.stop());

/** Asks, speaks into the answer, and compares. */
async function interruptAfter(offsetMs: number) {
  const caller = await new Caller({ url: stack.url, path: "/reciter", hello: true }).connect();
  try {
    await caller.say(concat(silence(300), sentence));
    for (let waitedMs = 0; caller.packets === 0 && waitedMs < 3_000; waitedMs += 20) await caller.silence(20);
    await caller.silence(offsetMs);
    // From the first word on, for what was heard before it to be what the offset says.
    await caller.say(concat(sentence.subarray(48 * 300, 48 * 1_500), silence(1_500)));
    const lines = () => caller.of("transcript").map(({ data }) => line(data));
    await until(() => lines().some(({ role, final }) => role === "assistant" && final), 3_000);
    const answer = lines().findLast(({ role, final }) => role === "assistant" && final);
    const words = (answer?.text ?? "").split(" ").filter((word) => word !== "").length;
    const audible = caller.heard.filter((piece) => levelDb(piece) > AUDIBLE_DB);
    const recordedMs = audible.reduce((sum, piece) => sum + piece.length / 48, 0);
    return { offsetMs, historyMs: words * WORD_MS, recordedMs };
  } finally {
    await caller.hangUp();
  }
}

function line(data: unknown): { readonly role: unknown; readonly text: string; readonly final: unknown } {
  if (typeof data !== "object" || data === null) throw new TypeError("a transcript message without data");
  const { role, text, final } = { role: undefined, text: "", final: undefined, ...data };
  return { role, text: String(text), final };
}

describe("the history of an interrupted answer", () => {
  it("says what the client has recorded, to within 100 ms, wherever it is interrupted", async () => {
    const results = await Promise.all(OFFSETS_MS.map(interruptAfter));
    console.table(results);
    for (const { offsetMs, historyMs, recordedMs } of results) {
      // Speech takes a moment to be heard as such; the whole answer would be six seconds.
      expect(recordedMs).toBeGreaterThan(offsetMs - 200);
      expect(recordedMs).toBeLessThan(offsetMs + 1_000);
      expect(Math.abs(historyMs - recordedMs), `at ${offsetMs} ms`).toBeLessThanOrEqual(100);
    }
  });
});
