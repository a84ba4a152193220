import { describe, expect, it } from "vitest";
import { parseMessage } from "./messages.ts";

describe("a message of the data channel", () => {
  it("is understood when it is FastRTC's, with Python's spaces", () => {
    expect(parseMessage('{"type": "log", "data": "pause_detected"}').message).toEqual({
      type: "log",
      data: "pause_detected",
    });
    expect(parseMessage('{"type": "error", "message": "boom"}').message).toEqual({ type: "error", message: "boom" });
  });

  it("is understood when it is EdgeRTC's", () => {
    const transcript = { id: 3, role: "user", text: "hello", final: false };
    expect(parseMessage(JSON.stringify({ type: "transcript", data: transcript })).message).toEqual({
      type: "transcript",
      data: transcript,
    });
    const session = { sid: "s_1", stream: "talk", timeLimitMs: null, elapsedMs: 5 };
    expect(parseMessage(JSON.stringify({ type: "session", data: session })).message?.type).toBe("session");
  });

  it("passes on as text when it is a plain string, of an unknown type or of a wrong shape", () => {
    const foreign = [
      "tick",
      "",
      "null",
      "[]",
      '{"type":"weather"}',
      '{"type":"turn","data":{"state":"dancing"}}',
      '{"type":"transcript","data":{"id":"1","role":"user","text":"x","final":true}}',
    ];
    for (const text of foreign) expect(parseMessage(text)).toEqual({ text, message: null });
  });
});
