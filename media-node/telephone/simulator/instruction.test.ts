import { describe, expect, it } from "vitest";
import {
  askInstruction,
  connectInstruction,
  refuseInstruction,
  waitInstruction,
} from "../../../shared/telephone/instructions.ts";
import { readInstruction } from "./instruction.ts";

const url = "wss://phone.example/telephone/handler";

describe("readInstruction", () => {
  it.each(["twilio", "telnyx", "plivo"] as const)("reads what is written for %s", (provider) => {
    const parameters = { resume: "abc" };
    const resumeUrl = "https://phone.example/telephone/incoming?resume=a&b=c";
    expect(readInstruction(connectInstruction(provider, { url, parameters, greeting: "Hi & bye" }))).toEqual([
      { step: "say", text: "Hi & bye" },
      { step: "stream", url, parameters },
      { step: "say", text: "The call has been disconnected." },
    ]);
    expect(readInstruction(connectInstruction(provider, { url, resumeUrl, greeting: "" }))).toEqual([
      { step: "stream", url, parameters: {} },
      { step: "redirect", url: resumeUrl },
    ]);
    expect(readInstruction(refuseInstruction(provider, "No."))).toEqual([
      { step: "say", text: "No." },
      { step: "hang_up" },
    ]);
    const again = "https://phone.example/code?try=1&provider=x";
    expect(
      readInstruction(askInstruction(provider, { prompt: "Code?", digits: 6, timeoutSeconds: 5, url: again })),
    ).toEqual([
      { step: "say", text: "Code?" },
      { step: "ask", url: again, digits: 6 },
      { step: "redirect", url: again },
    ]);
    expect(readInstruction(waitInstruction(provider, { sentence: "Wait.", seconds: 3, url: again }))).toEqual([
      { step: "say", text: "Wait." },
      { step: "wait", seconds: 3 },
      { step: "redirect", url: again },
    ]);
  });

  it.each(["", "{}", "<html></html>", "<Response>", "<Response><Dance /></Response>"])("refuses %j", (text) => {
    expect(() => readInstruction(text)).toThrow();
  });

  it("reads an empty one: there is nothing to do", () => {
    expect(readInstruction("<Response />")).toEqual([]);
  });
});
