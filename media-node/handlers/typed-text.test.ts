import { describe, expect, it } from "vitest";
import { FastRtcCall } from "../session/testing/fastrtc-call.ts";
import { Stream } from "../stream/stream.ts";
import { tone } from "../testing/scripted-models.ts";
import { ReplyOnPause } from "./reply-on-pause.ts";
import { answerTypedText, typedText } from "./typed-text.ts";

const chat = (data: unknown) => JSON.stringify({ type: "chat", data });

/** Notes what each turn was typed, and the history's lines with it. One that `thinks` answers when it is told to. */
function noting(thinks = false) {
  const said: (string | undefined)[] = [];
  const lines: string[][] = [];
  const thought = Promise.withResolvers<void>();
  const handler = new ReplyOnPause(
    async function* (turn) {
      const typed = typedText(turn);
      said.push(typed);
      turn.history.user(typed ?? "spoken");
      lines.push(turn.history.messages.map(({ content }) => content));
      if (thinks) await thought.promise;
      yield tone(200);
    },
    { onMessage: answerTypedText },
  );
  const stream = new Stream(handler, { modality: "audio" });
  return { said, lines, start: () => FastRtcCall.start(stream), think: thought.resolve };
}

describe("typed text", () => {
  it("is a turn of its own, and the next spoken one has none of it", async () => {
    const { said, start } = noting();
    const call = await start();
    await call.say(chat("turn on the light"));
    await call.pass(1_000);
    expect(said).toEqual(["turn on the light"]);
    await call.sound(800);
    await call.silence(2_000);
    expect(said).toEqual(["turn on the light", undefined]);
    await call.end();
  });

  it("that follows before the answer is heard is a line behind the one before", async () => {
    const { lines, start, think } = noting(true);
    const call = await start();
    await call.say(chat("first"));
    await call.pass(100);
    await call.say(chat("second"));
    await call.pass(100);
    expect(lines.at(-1)).toEqual(["first", "second"]);
    think();
    await call.end();
  });

  it("is not lost when somebody speaks before the answer is heard, and is in the history once", async () => {
    const { said, lines, start, think } = noting(true);
    const call = await start();
    await call.say(chat("first"));
    await call.pass(100);
    await call.sound(800);
    await call.silence(2_000);
    expect(said.at(-1)).toBe("first");
    expect(lines.at(-1)).toEqual(["first"]);
    think();
    await call.end();
  });

  it("that is none, or another message, is ignored", async () => {
    const { said, start } = noting();
    const call = await start();
    for (const text of [chat("  "), chat(5), '{"type":"other","data":"x"}']) await call.say(text);
    await call.pass(100);
    expect(said).toEqual([]);
    await call.end();
  });
});
