import { describe, expect, it } from "vitest";
import { History, type TranscriptLine } from "./history.ts";

function rig() {
  const lines: TranscriptLine[] = [];
  return { lines, history: new History((line) => lines.push(line)) };
}

describe("History", () => {
  it("keeps both sides in order, an answer growing sentence by sentence", () => {
    const { history, lines } = rig();
    history.user(" Hello there. ");
    history.assistant("Hi.");
    history.assistant("How are you?");
    history.endAnswer();
    expect(history.messages).toEqual([
      { role: "user", content: "Hello there." },
      { role: "assistant", content: "Hi. How are you?" },
    ]);
    expect(lines).toEqual([
      { id: 1, role: "user", text: "Hello there.", final: true },
      { id: 2, role: "assistant", text: "Hi.", final: false },
      { id: 2, role: "assistant", text: "Hi. How are you?", final: false },
      { id: 2, role: "assistant", text: "Hi. How are you?", final: true },
    ]);
  });

  it("adds nothing for what was not understood", () => {
    const { history, lines } = rig();
    history.user("  ");
    history.assistant("");
    expect(history.messages).toEqual([]);
    expect(lines).toEqual([]);
  });

  it("keeps the whole words that were heard of an answer that is cut off", () => {
    const cut = (heard: number) => {
      const { history } = rig();
      history.user("question");
      history.assistant("One.");
      history.assistant("Two three four.");
      history.cutAnswer("Two three four.", heard);
      return history.messages.at(-1)?.content;
    };
    expect([0, 0.1, 0.2, 0.59, 0.6, 0.99, 1].map(cut)).toEqual([
      "One.",
      "One.",
      "One. Two",
      "One. Two",
      "One. Two three",
      "One. Two three",
      "One. Two three four.",
    ]);
  });

  it("drops an answer of which not a word was heard", () => {
    const { history, lines } = rig();
    history.user("question");
    history.assistant("Well.");
    history.cutAnswer("Well.", 0.5);
    expect(history.messages).toEqual([{ role: "user", content: "question" }]);
    expect(lines.at(-1)).toMatchObject({ role: "assistant", text: "" });
  });

  it("takes a turn back, and gives its id to the next line", () => {
    const { history, lines } = rig();
    history.user("first");
    const mark = history.mark();
    history.user("half a");
    history.rollBack(mark);
    history.user("half a sentence");
    expect(history.messages.map(({ content }) => content)).toEqual(["first", "half a sentence"]);
    expect(lines.map(({ id }) => id)).toEqual([1, 2, 2]);
  });

  it("is bounded", () => {
    const { history } = rig();
    for (let n = 0; n < 500; n++) {
      history.user(`q${n}`);
      history.assistant(`a${n}`);
    }
    expect(history.messages.length).toBeLessThanOrEqual(200);
    expect(history.messages.at(-1)).toEqual({ role: "assistant", content: "a499" });
  });
});
