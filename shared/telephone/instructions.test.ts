import { describe, expect, it } from "vitest";
import {
  askInstruction,
  connectInstruction,
  redirectInstruction,
  refuseInstruction,
  waitInstruction,
} from "./instructions.ts";

const url = "wss://phone.example/telephone/handler";

describe("call instructions", () => {
  it("row 35: Twilio's is FastRTC's to the byte", () => {
    expect(connectInstruction("twilio", { url })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Connecting to the AI assistant.</Say><Connect><Stream url="wss://phone.example/telephone/handler" /></Connect><Say>The call has been disconnected.</Say></Response>',
    );
  });

  it("asks Telnyx for raw audio in both directions, in µ-law", () => {
    expect(connectInstruction("telnyx", { url, greeting: "", farewell: "" })).toBe(
      `<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="${url}" codec="PCMU" bidirectionalMode="rtp" bidirectionalCodec="PCMU" /></Connect></Response>`,
    );
  });

  it("asks Plivo for a stream that keeps the call, in µ-law, and speaks its dialect", () => {
    expect(
      connectInstruction("plivo", { url, greeting: "Hello.", farewell: "Bye.", parameters: { resume: "abc" } }),
    ).toBe(
      `<?xml version="1.0" encoding="UTF-8"?><Response><Speak>Hello.</Speak><Stream bidirectional="true" keepCallAlive="true" contentType="audio/x-mulaw;rate=8000" extraHeaders="resume=abc">${url}</Stream><Speak>Bye.</Speak></Response>`,
    );
  });

  it("passes parameters beside the URL, and redirects in place of the farewell", () => {
    const instruction = {
      url,
      greeting: "",
      parameters: { resume: "abc" },
      resumeUrl: "https://phone.example/telephone/resume?a=1&b=2",
    };
    expect(connectInstruction("twilio", instruction)).toBe(
      `<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="${url}"><Parameter name="resume" value="abc" /></Stream></Connect><Redirect method="POST">https://phone.example/telephone/resume?a=1&amp;b=2</Redirect></Response>`,
    );
  });

  it("lets nobody break out of a text or an attribute", () => {
    const nasty = `"/><Dial>+1900</Dial><Say a="&'`;
    for (const provider of ["twilio", "telnyx", "plivo"] as const) {
      const text = connectInstruction(provider, {
        url: nasty,
        greeting: nasty,
        farewell: nasty,
        parameters: { [nasty]: nasty },
      });
      expect(text).not.toContain("<Dial>");
      expect(text.replaceAll(/&(?:amp|lt|gt|quot|apos);/g, "")).not.toContain("&");
      expect(refuseInstruction(provider, nasty)).not.toContain("<Dial>");
    }
  });

  it("refuses a call with a sentence", () => {
    expect(refuseInstruction("twilio", "All lines are busy.")).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response><Say>All lines are busy.</Say><Hangup /></Response>',
    );
    expect(refuseInstruction("plivo", "All lines are busy.")).toContain("<Speak>All lines are busy.</Speak><Hangup />");
  });

  it("asks for keys, and again where none is pressed, in each provider's words", () => {
    const ask = { prompt: "Your code?", digits: 6, timeoutSeconds: 10, url: "https://phone.example/code?a=1&b=2" };
    expect(askInstruction("twilio", ask)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response><Gather action="https://phone.example/code?a=1&amp;b=2" method="POST" timeout="10" finishOnKey="#" numDigits="6"><Say>Your code?</Say></Gather><Redirect method="POST">https://phone.example/code?a=1&amp;b=2</Redirect></Response>',
    );
    expect(askInstruction("telnyx", ask)).toBe(askInstruction("twilio", ask));
    expect(askInstruction("plivo", ask)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response><GetDigits action="https://phone.example/code?a=1&amp;b=2" method="POST" timeout="10" finishOnKey="#" numDigits="6" digitTimeout="10" retries="1"><Speak>Your code?</Speak></GetDigits><Redirect method="POST">https://phone.example/code?a=1&amp;b=2</Redirect></Response>',
    );
  });

  it("has a caller wait, with a sentence or without, and sends one elsewhere", () => {
    const wait = { sentence: "", seconds: 3, url: "https://phone.example/wait" };
    expect(waitInstruction("telnyx", wait)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response><Pause length="3" /><Redirect method="POST">https://phone.example/wait</Redirect></Response>',
    );
    expect(waitInstruction("plivo", { ...wait, sentence: "Soon." })).toContain(
      '<Speak>Soon.</Speak><Wait length="3" /><Redirect method="POST">',
    );
    expect(redirectInstruction("https://phone.example/echo")).toContain(
      '<Response><Redirect method="POST">https://phone.example/echo</Redirect></Response>',
    );
  });
});
