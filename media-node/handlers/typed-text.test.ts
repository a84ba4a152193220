import { describe, expect, it } from "vitest";
import { FastRtcCall } from "../session/testing/fastrtc-call.ts";
import { Stream } from "../stream/stream.ts";
import { ReplyOnPause } from "./reply-on-pause.ts";
import { answerTypedText, typedText } from "./typed-text.ts";

const chat = (data: unknown) => JSON.stringify({ type: "chat", data });

describe("typed text", () => {
  const said: (string | undefined)[] = [];
  const stream = () => {
    said.length = 0;
    const handler = new ReplyOnPause(
      async (turn) => {
        said.push(typedText(turn));
        return undefined;
      },
      { onMessage: answerTypedText },
    );
    return new Stream(handler, { modality: "audio" });
  };

  it("is a turn of its own, and the next spoken one has none of it", async () => {
    const call = await FastRtcCall.start(stream());
    await call.say(chat("turn on the light"));
    await call.pass(100);
    expect(said).toEqual(["turn on the light"]);
    await call.sound(800);
    await call.silence(2_000);
    expect(said).toEqual(["turn on the light", undefined]);
    await call.end();
  });

  it("that comes in one breath is answered together", async () => {
    const call = await FastRtcCall.start(stream());
    call.session.transport.events.message(chat("first"));
    call.session.transport.events.message(chat("second"));
    await call.pass(100);
    expect(said.join("\n")).toBe("first\nsecond");
    await call.end();
  });

  it("that is none, or another message, is ignored", async () => {
    const call = await FastRtcCall.start(stream());
    for (const text of [chat("  "), chat(5), '{"type":"other","data":"x"}']) await call.say(text);
    await call.pass(100);
    expect(said).toEqual([]);
    await call.end();
  });
});
