import { describe, expect, it } from "vitest";
import { fromPcm16, readSocketText, toPcm16 } from "./socket-protocol.ts";

describe("a text on the socket", () => {
  it("is the node's answer to `start`, with the rates from here on", () => {
    const text = '{"event":"started","sid":"s1","codec":"pcm16","binary":true,"input_rate":24000,"output_rate":24000}';
    expect(readSocketText(text)).toMatchObject({ kind: "started", started: { sid: "s1", output_rate: 24_000 } });
  });

  it("is a refusal, with the edge's own words", () => {
    const event = readSocketText('{"status":"failed","meta":{"error":"concurrency_limit_reached","limit":3}}');
    expect(event).toMatchObject({ kind: "refused", error: { code: "concurrency_limit_reached", limit: 3 } });
  });

  it("clears, or answers a ping", () => {
    expect(readSocketText('{"event":"clear"}')).toEqual({ kind: "clear" });
    expect(readSocketText('{"event":"pong"}')).toEqual({ kind: "pong" });
  });

  it.each(['{"type":"log","data":"pause_detected"}', "tick", '{"event":"unheard_of"}', "null"])(
    "is else a message, as on a data channel: %s",
    (text) => expect(readSocketText(text)).toEqual({ kind: "message", text }),
  );
});

describe("16 bit PCM", () => {
  it("comes back as it went", () => {
    const samples = Float32Array.from([0, 0.5, -0.5, 0.999, -1]);
    const back = fromPcm16(toPcm16(samples));
    for (const [i, sample] of samples.entries()) expect(back[i]).toBeCloseTo(sample, 3);
  });

  it("is clipped, not wrapped around", () => {
    expect(new Int16Array(toPcm16(Float32Array.from([2, -3])))).toEqual(Int16Array.from([32_767, -32_767]));
  });

  it("has the lower byte first, and ignores half a sample", () => {
    expect([...new Uint8Array(toPcm16(Float32Array.from([1])))]).toEqual([0xff, 0x7f]);
    expect(fromPcm16(Uint8Array.from([0, 64, 7]).buffer)).toEqual(Float32Array.from([0.5]));
  });
});
