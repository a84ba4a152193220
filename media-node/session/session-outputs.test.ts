import { describe, expect, it } from "vitest";
import { output } from "../stream/outputs.ts";
import type { Stream } from "../stream/stream.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { ClientChannel } from "./client-channel.ts";
import { SessionOutputs } from "./session-outputs.ts";
import { noting } from "./testing/noting.ts";

const LARGE = "x".repeat(20_000);
const { stream: TEXTS } = noting({}, { outputs: { first: output.text(), second: output.text() } });
const { stream: NONE } = noting({});

/** A client that takes messages of up to 16 KiB. */
function rig(stream: Stream, feedBack?: (args: readonly unknown[]) => void) {
  const sent: string[] = [];
  const sendText = (text: string) => text.length <= 16 * 1024 && sent.push(text) > 0;
  const channel = new ClientChannel({ manners: "channel", sendText }, new VirtualClock());
  const loaded = { stream, descriptor: stream.describe("test", 0) };
  const outputs = new SessionOutputs({ stream: loaded, channel, onOutput: () => undefined, feedBack });
  const hello = () => {
    channel.welcome({ type: "session", data: { sid: "s_0", stream: "test", timeLimitMs: null, elapsedMs: 0 } });
    outputs.showAll();
  };
  return { outputs, sent, hello, ofType: (type: string) => sent.filter((text) => text.includes(`"type":"${type}"`)) };
}

describe("a session's outputs", () => {
  it("are announced to a FastRTC client, and kept", () => {
    const { outputs, sent } = rig(TEXTS);
    outputs.add(["one", "two"]);
    expect(sent).toEqual(['{"type": "fetch_output", "data": []}']);
    expect(outputs.watch(0).kept).toEqual([{ seq: 1, json: '["one","two"]' }]);
  });

  it("are shown to a client of ours name by name, and all at its hello that are set", () => {
    const { outputs, hello, ofType } = rig(TEXTS);
    outputs.add(["early"]);
    hello();
    outputs.add([undefined, "late"]);
    expect(ofType("outputs")).toEqual([
      '{"type":"outputs","data":{"first":"early"}}',
      '{"type":"outputs","data":{"second":"late"}}',
    ]);
  });

  it("that are too large for the client are told to the handler, by name where they are shown, and kept", () => {
    const { outputs, hello, ofType } = rig(TEXTS);
    hello();
    expect(() => outputs.add([LARGE, "two"])).toThrow('The output "first" is too large');
    expect(ofType("outputs")).toEqual(['{"type":"outputs","data":{"second":"two"}}']);
    expect(outputs.watch(0).last).toBe(1);
    const undeclared = rig(NONE);
    undeclared.hello();
    expect(() => undeclared.outputs.add([LARGE])).toThrow("GET /outputs has it");
  });

  it("are the next turn's inputs where they are fed back, even those that the stream does not declare", () => {
    const fedBack: (readonly unknown[])[] = [];
    const { outputs } = rig(TEXTS, (args) => fedBack.push(args));
    expect(() => outputs.add(["one", "two", "three"])).toThrow("3 values for 2 declared outputs");
    expect(fedBack).toEqual([["one", "two", "three"]]);
  });
});
