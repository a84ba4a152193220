import { describe, expect, it } from "vitest";
import type { CallStart } from "../../../shared/telephone/call-message.ts";
import { readCallMessage, WIRES } from "../../../shared/telephone/providers.ts";
import { LINES } from "./line.ts";

const facts = {
  streamId: "MZ1",
  callId: "CA1",
  accountId: "AC1",
  from: "+14155550100",
  to: "+14155550199",
  parameters: { resume: "abc" },
};

describe.each(["twilio", "telnyx", "plivo"] as const)("%s's line", (provider) => {
  const line = LINES[provider];
  const start = (): CallStart => {
    const readings = line.greet(facts).map((text) => readCallMessage(text, null));
    for (const reading of readings) if (reading.ok && reading.message.event === "start") return reading.message;
    throw new Error("no start");
  };
  const read = (text: string) => readCallMessage(text, provider);

  it("is understood by the reader", () => {
    expect(start()).toMatchObject({
      provider,
      streamId: "MZ1",
      callId: "CA1",
      law: "mulaw",
      parameters: { resume: "abc" },
    });
    expect(read(line.media(facts, "////", 7))).toEqual({
      ok: true,
      message: { event: "media", payload: "////", chunk: 7 },
    });
    expect(read(line.digit(facts, "#"))).toEqual({ ok: true, message: { event: "dtmf", digit: "#" } });
    expect(read(line.played(facts, "m1"))).toEqual({ ok: true, message: { event: "mark", name: "m1" } });
    if (line.stop !== undefined) expect(read(line.stop(facts))).toEqual({ ok: true, message: { event: "stop" } });
  });

  it("understands the writer, and refuses what its provider would", () => {
    const wire = WIRES[provider];
    const order = (text: string) => line.order(facts, JSON.parse(text));
    expect(order(wire.media(start(), "////"))).toEqual({ order: "play", payload: "////" });
    expect(order(wire.mark(start(), "m1"))).toEqual({ order: "mark", name: "m1" });
    expect(order(wire.clear(start()))).toEqual({ order: "clear" });
    expect(order(wire.media(start(), "no base64!"))).toBeNull();
    expect(order(wire.media(start(), ""))).toBeNull();
    expect(line.order(facts, { type: "log", data: "pause_detected" })).toBeNull();
    expect(line.order(facts, undefined)).toBeNull();
  });
});
