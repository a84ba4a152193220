import { describe, expect, it } from "vitest";
import { MAX_UNSENT, NOTHING_UNSENT, sendAll, withText } from "./unsent.ts";

describe("typed texts that wait for a call", () => {
  it("are sent in order, and wait no more", () => {
    const sent: string[] = [];
    const unsent = withText(withText(NOTHING_UNSENT, "talk", "a"), "talk", "b");
    expect(sendAll(unsent, (text) => sent.push(text))).toEqual({ left: NOTHING_UNSENT });
    expect(sent).toEqual(["a", "b"]);
  });

  it("go on waiting from the first that could not be sent", () => {
    const fault = new Error("not connected");
    const send = (text: string) => {
      if (text === "b") throw fault;
    };
    expect(sendAll({ stream: "talk", texts: ["a", "b", "c"] }, send)).toEqual({
      left: { stream: "talk", texts: ["b", "c"] },
      fault,
    });
  });

  it("are of one stream, and bounded", () => {
    expect(withText({ stream: "talk", texts: ["a"] }, "echo", "b")).toEqual({ stream: "echo", texts: ["b"] });
    const many = { stream: "talk", texts: Array.from({ length: MAX_UNSENT }, String) };
    expect(withText(many, "talk", "last").texts).toEqual([...many.texts.slice(1), "last"]);
  });
});
