import { describe, expect, it } from "vitest";
import { connectInstruction, refuseInstruction } from "../../../shared/telephone/instructions.ts";
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
  });

  it.each(["", "{}", "<html></html>", "<Response>", "<Response><Dance /></Response>"])("refuses %j", (text) => {
    expect(() => readInstruction(text)).toThrow();
  });

  it("reads an empty one: there is nothing to do", () => {
    expect(readInstruction("<Response />")).toEqual([]);
  });
});
