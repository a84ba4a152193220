import { describe, expect, expectTypeOf, it } from "vitest";
import type { Turn } from "../handlers/reply-function.ts";
import { ReplyOnPause } from "../handlers/reply-on-pause.ts";
import { checkbox, choice, colour, type InputsOf, messages, number, secret, slider, text } from "./inputs.ts";
import { Stream } from "./stream.ts";

const inputs = {
  mirror: slider({ value: 0.3 }),
  voice: choice(["Puck", "Kore"]),
  loud: checkbox(),
  key: secret(),
  chat: messages(),
};

describe("declared inputs", () => {
  it("are data in the descriptor, with every default filled in", () => {
    const handler = new ReplyOnPause(async function* () {
      // Says nothing.
    });
    const stream = new Stream(handler, { modality: "audio", inputs });
    expect(JSON.parse(JSON.stringify(stream.describe("a", 1).inputs))).toEqual({
      mirror: { kind: "slider", min: 0, max: 1, step: 0.01, value: 0.3, required: false },
      voice: { kind: "choice", options: ["Puck", "Kore"], value: "Puck", required: false },
      loud: { kind: "checkbox", value: false, required: false },
      key: { kind: "secret", maxChars: 4_096, required: false },
      chat: { kind: "messages", maxMessages: 500, required: false },
    });
    expect(number({ min: 3 }).value).toBe(3);
    expect(number({ max: -2 }).value).toBe(-2);
  });

  it("give the handler their types", () => {
    type Inputs = InputsOf<typeof inputs>;
    expectTypeOf<Inputs["mirror"]>().toEqualTypeOf<number>();
    expectTypeOf<Inputs["voice"]>().toEqualTypeOf<"Puck" | "Kore">();
    expectTypeOf<Inputs["key"]>().toEqualTypeOf<string | undefined>();
    const handler = new ReplyOnPause(async function* (turn: Turn<Inputs>) {
      if (turn.inputs.loud) yield turn.audio;
    });
    expect(new Stream(handler, { modality: "audio", inputs }).handler).toBe(handler);
  });

  it.each([
    [{ mirror: slider({ value: 3 }) }, 'The input "mirror" has a default value that it would not take'],
    [{ tint: colour({ value: "red" }) }, 'The input "tint"'],
    [{ name: text({ value: "long", maxChars: 2 }) }, 'The input "name"'],
    [{ webrtc_id: text() }, "The name is reserved"],
    [{ "two words": text() }, "not declared rightly"],
    [{ mirror: slider({ min: Number.NaN }) }, "not declared rightly at mirror.min"],
  ])("that make no sense are refused when the file is loaded: %j", (wrong, message) => {
    const handler = new ReplyOnPause(async function* () {
      // Says nothing.
    });
    expect(() => new Stream(handler, { modality: "audio", inputs: wrong })).toThrow(message);
  });
});
