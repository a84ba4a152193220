import { describe, expect, it } from "vitest";
import { parseArguments } from "./arguments.ts";
import { askWhatIsMissing } from "./questions.ts";

describe("the command line", () => {
  it("takes everything as flags, so that nothing is asked", async () => {
    const wishes = parseArguments(["app", "--template", "echo", "--name", "My App", "--edgertc", "0.1.0"]);
    expect(await askWhatIsMissing(wishes, terminal([]))).toEqual({
      folder: "app",
      name: "My App",
      template: "echo",
      edgertc: "0.1.0",
    });
  });

  it("refuses a template that there is not, and a second folder", () => {
    expect(() => parseArguments(["--template", "chat"])).toThrow(
      "There is no template chat. There are voice, echo, video.",
    );
    expect(() => parseArguments(["--template", "toString"])).toThrow("no template");
    expect(() => parseArguments(["a", "b"])).toThrow("One folder at a time");
    expect(() => parseArguments(["--colour"])).toThrow("--colour");
  });
});

describe("questions", () => {
  it("are asked for what is missing; nothing typed is the default, nonsense is asked again", async () => {
    const asked = terminal(["", "chat", "video"]);
    expect(await askWhatIsMissing(parseArguments([]), asked)).toMatchObject({
      folder: "my-edgertc",
      template: "video",
    });
  });

  it("are not asked where there is no terminal", async () => {
    expect(await askWhatIsMissing(parseArguments([]), null)).toMatchObject({ folder: "my-edgertc", template: "voice" });
  });
});

function terminal(answers: string[]) {
  return {
    question: async (): Promise<string> => {
      const answer = answers.shift();
      if (answer === undefined) throw new Error("asked once too often");
      return answer;
    },
  };
}
