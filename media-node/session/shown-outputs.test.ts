import { describe, expect, expectTypeOf, it } from "vitest";
import type { ChatLine } from "../../shared/inputs.ts";
import { MAX_SHOWN_CHARS } from "../../shared/limits.ts";
import { StreamHandler } from "../handlers/stream-handler.ts";
import { output } from "../stream/outputs.ts";
import { Stream } from "../stream/stream.ts";
import { ShownOutputs } from "./shown-outputs.ts";

class Deaf extends StreamHandler {
  copy(): Deaf {
    return new Deaf();
  }
  receive(): void {
    // Hears nothing.
  }
  emit(): undefined {
    return undefined;
  }
}

const declared = { said: output.text(), score: output.number({ unit: "%" }), lines: output.chat() };
const hello: ChatLine = { role: "user", content: "hello" };

describe("declared outputs", () => {
  it("take the arguments in the order of their declaration, and those that are null or missing as nothing and as before", () => {
    const shown = new ShownOutputs(declared);
    expect(shown.values).toEqual({ said: null, score: null, lines: null });
    expect(shown.add(["hi", 5])).toEqual({ said: "hi", score: 5 });
    expect(shown.add([undefined, null, [hello]])).toEqual({ score: null, lines: [hello] });
    expect(shown.values).toEqual({ said: "hi", score: null, lines: [hello] });
  });

  it("are made by the stream's own handler of those shown and the new ones", () => {
    const stream = new Stream(new Deaf(), {
      modality: "audio",
      outputs: declared,
      additionalOutputsHandler: (shown, line: ChatLine) => {
        expectTypeOf(shown.score).toEqualTypeOf<number | null>();
        return { lines: [...(shown.lines ?? []), line], score: (shown.score ?? 0) + 1 };
      },
    });
    const loaded: Stream = stream;
    const shown = new ShownOutputs(declared, loaded.options.additionalOutputsHandler);
    shown.add([hello]);
    expect(shown.add([{ role: "assistant", content: "yes?" }])).toEqual({
      lines: [hello, { role: "assistant", content: "yes?" }],
      score: 2,
    });
  });

  it("stay as they were yielded when the handler goes on with its list", () => {
    const shown = new ShownOutputs(declared);
    const lines = [hello];
    shown.add([undefined, undefined, lines]);
    lines.push(hello);
    expect(shown.values["lines"]).toEqual([hello]);
  });

  it.each([
    [[1], 'The output "said" should be a string.'],
    [[null, Number.NaN], 'The output "score" should be a finite number.'],
    [[null, null, ["x"]], 'The output "lines" should be a list of { role, content }.'],
    [["a", 1, [], "more"], "4 values for 3 declared outputs"],
  ])("that are something else are refused by name, and what is shown stays: %j", (args, message) => {
    const shown = new ShownOutputs(declared);
    expect(() => shown.add(args)).toThrow(message);
    expect(shown.values).toEqual({ said: null, score: null, lines: null });
  });

  it("are no addresses but of pictures and sounds", () => {
    const media = new ShownOutputs({ picture: output.image(), sound: output.audio() });
    expect(media.add(["data:image/png;base64,AA==", "https://example.com/a.wav"])).toHaveProperty("sound");
    expect(media.add(["/a.png"])).toEqual({ picture: "/a.png" });
    for (const bad of ["javascript:alert(1)", "//evil.example/a.png", "http://a/b.png", "data:text/html,x"]) {
      expect(() => media.add([bad])).toThrow("should be a data URL of type image/…");
    }
  });

  it("are bounded together", () => {
    const shown = new ShownOutputs(declared);
    shown.add(["x".repeat(MAX_SHOWN_CHARS - 100)]);
    expect(() => shown.add([undefined, 1, [{ role: "user", content: "y".repeat(100) }]])).toThrow("too large");
    expect(shown.values["score"]).toBeNull();
  });

  it.each([
    [{ outputs: { "two words": output.text() } }, "The outputs are not declared rightly"],
    [{ additionalOutputsHandler: () => ({}) }, "declare some in outputs"],
    [{ ui: { colours: { user: "red; }" } } }, "ui.colours.user makes no sense"],
    [{ ui: { icon: "javascript:alert(1)" } }, "ui.icon makes no sense"],
  ])("that make no sense are refused when the file is loaded: %j", (options, message) => {
    expect(() => new Stream(new Deaf(), { modality: "audio", ...options })).toThrow(message);
  });
});
