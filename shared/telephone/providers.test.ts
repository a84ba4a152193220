import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CallStart, TelephoneProvider } from "./call-message.ts";
import { readCallMessage, WIRES } from "./providers.ts";

/** What each provider's documentation shows, in order. */
const SEQUENCES: Readonly<Record<TelephoneProvider, readonly object[]>> = {
  twilio: [
    { event: "connected", protocol: "Call", version: "1.0.0" },
    {
      event: "start",
      sequenceNumber: "1",
      start: {
        accountSid: "AC00000000000000000000000000000000",
        streamSid: "MZ00000000000000000000000000000000",
        callSid: "CA00000000000000000000000000000000",
        tracks: ["inbound"],
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
        customParameters: { FirstName: "Jane" },
      },
      streamSid: "MZ00000000000000000000000000000000",
    },
    {
      event: "media",
      sequenceNumber: "3",
      media: { track: "inbound", chunk: "1", timestamp: "5", payload: "f39/" },
      streamSid: "MZ00000000000000000000000000000000",
    },
    { event: "dtmf", streamSid: "MZ0", sequenceNumber: "5", dtmf: { track: "inbound_track", digit: "1" } },
    { event: "mark", sequenceNumber: "4", streamSid: "MZ0", mark: { name: "my label" } },
    { event: "stop", sequenceNumber: "5", stop: { accountSid: "AC0", callSid: "CA0" }, streamSid: "MZ0" },
  ],
  telnyx: [
    { event: "connected", version: "1.0.0" },
    {
      event: "start",
      sequence_number: "1",
      stream_id: "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
      start: {
        user_id: "3E6F995F-85F7-4705-9741-53B116D28237",
        call_control_id: "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ",
        call_session_id: "ff55a038-6f5d-11ef-9692-02420aeffb1f",
        from: "+13122010094",
        to: "+13122123456",
        tags: ["TAG1"],
        client_state: "aGF2ZSBhIG5pY2UgZGF5ID1d",
        custom_parameters: { customer_id: "customer_123" },
        media_format: { encoding: "PCMU", sample_rate: 8000, channels: 1 },
      },
    },
    {
      event: "media",
      sequence_number: "4",
      media: { track: "inbound", chunk: "1", timestamp: "5", payload: "f39/" },
      stream_id: "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
    },
    {
      event: "dtmf",
      stream_id: "32DE",
      occurred_at: "2026-10-30T00:00:00Z",
      sequence_number: "5",
      dtmf: { digit: "1" },
    },
    { event: "mark", sequence_number: "4", stream_id: "32DE", mark: { name: "my label" } },
    { event: "stop", sequence_number: "5", stop: { user_id: "3E6F", call_control_id: "v2:T0" }, stream_id: "32DE" },
  ],
  plivo: [
    {
      event: "start",
      sequenceNumber: 1,
      start: {
        callId: "12345678-1234-1234-1234-123456789abc",
        streamId: "87654321-4321-4321-4321-cba987654321",
        accountId: "MAXXXXXXXXXXXXXXXXXX",
        tracks: ["inbound"],
        mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000 },
      },
      extra_headers: "userId=12345;sessionId=abc",
    },
    {
      event: "media",
      sequenceNumber: 42,
      streamId: "87654321-4321-4321-4321-cba987654321",
      media: { track: "inbound", timestamp: "1705312200000", chunk: 1, payload: "f39/" },
      extra_headers: "userId=12345;sessionId=abc",
    },
    { event: "dtmf", sequenceNumber: 5, streamId: "8765", dtmf: { track: "inbound", digit: "1", timestamp: "17" } },
    { event: "playedStream", sequenceNumber: 4, streamId: "8765", name: "my label" },
    { event: "clearedAudio", sequenceNumber: 4, streamId: "8765" },
  ],
};

const PROVIDERS = ["twilio", "telnyx", "plivo"] as const;

/** Reads messages as a call does: whose they are is known from `start` on. */
function reader() {
  let provider: TelephoneProvider | null = null;
  return (message: unknown) => {
    const reading = readCallMessage(typeof message === "string" ? message : JSON.stringify(message), provider);
    if (reading.ok && reading.message.event === "start") provider = reading.message.provider;
    return reading;
  };
}

function events(messages: readonly object[]) {
  return messages.map(reader()).map((reading) => (reading.ok ? reading.message : reading.why));
}

describe("the documented sequence of messages", () => {
  it("Twilio's", () => {
    expect(events(SEQUENCES.twilio)).toEqual([
      { event: "connected" },
      {
        event: "start",
        provider: "twilio",
        streamId: "MZ00000000000000000000000000000000",
        callId: "CA00000000000000000000000000000000",
        from: null,
        to: null,
        law: "mulaw",
        parameters: { FirstName: "Jane" },
      },
      { event: "media", payload: "f39/", chunk: 1 },
      { event: "dtmf", digit: "1" },
      { event: "mark", name: "my label" },
      { event: "stop" },
    ]);
  });

  it("Telnyx's", () => {
    expect(events(SEQUENCES.telnyx)).toEqual([
      { event: "connected" },
      {
        event: "start",
        provider: "telnyx",
        streamId: "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
        callId: "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ",
        from: "+13122010094",
        to: "+13122123456",
        law: "mulaw",
        parameters: { customer_id: "customer_123" },
      },
      { event: "media", payload: "f39/", chunk: 1 },
      { event: "dtmf", digit: "1" },
      { event: "mark", name: "my label" },
      { event: "stop" },
    ]);
  });

  it("Plivo's", () => {
    expect(events(SEQUENCES.plivo)).toEqual([
      {
        event: "start",
        provider: "plivo",
        streamId: "87654321-4321-4321-4321-cba987654321",
        callId: "12345678-1234-1234-1234-123456789abc",
        from: null,
        to: null,
        law: "mulaw",
        parameters: { userId: "12345", sessionId: "abc" },
      },
      { event: "media", payload: "f39/", chunk: 1 },
      { event: "dtmf", digit: "1" },
      { event: "mark", name: "my label" },
      { event: "other", name: "clearedAudio" },
    ]);
  });

  it("FastRTC's clients send no more than a streamSid", () => {
    const [start] = events([{ event: "start", streamSid: "MZ1" }]);
    expect(start).toMatchObject({ event: "start", provider: "twilio", streamId: "MZ1", callId: null });
  });

  it.each([
    [{ event: "start", streamSid: "MZ1", start: { customParameters: { from: "14155550100", to: "sip:desk" } } }],
    [
      {
        event: "start",
        start: { streamId: "MZ1", mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000 } },
        extra_headers: "from=14155550100,to=sip:desk",
      },
    ],
  ])("who is on the line is told by the instruction's parameters", (start) => {
    expect(events([start])).toMatchObject([{ from: "+14155550100", to: "sip:desk" }]);
  });

  it("Telnyx's A-law is told from µ-law, and its errors are passed on", () => {
    const start = structuredClone(SEQUENCES.telnyx[1]);
    const alaw = { ...start, start: { media_format: { encoding: "PCMA", sample_rate: 8000, channels: 1 } } };
    const error = { event: "error", payload: { code: 100004, title: "invalid_media", detail: "No." } };
    expect(events([alaw, error])).toMatchObject([
      { law: "alaw" },
      { event: "fault", what: "100004 invalid_media No." },
    ]);
  });
});

describe("messages that are not as documented", () => {
  it.each([
    ["binary", new Uint8Array(160), "The message is binary; a provider's messages are JSON text."],
    ["cut off", '{"event":"media","media":{"payl', "The message is not JSON."],
    ["no object", "[1]", "The message has no `event`."],
    ["null", "null", "The message has no `event`."],
    ["without an event", '{"media":{}}', "The message has no `event`."],
    ["an event that is no text", '{"event":1}', "The message has no `event`."],
    ["a start without its stream", '{"event":"start"}', "The `start` message has no stream id."],
  ])("%s: says what is wrong", (_, data, why) => {
    expect(readCallMessage(data, null)).toEqual({ ok: false, why });
  });

  it.each(PROVIDERS)(
    "%s: a start or media of another shape is refused, an event it does not know is not",
    (provider) => {
      const read = (message: object) => readCallMessage(JSON.stringify(message), provider);
      expect(read({ event: "media", media: {} })).toMatchObject({ ok: false });
      expect(read({ event: "media", media: { payload: 7 } })).toMatchObject({ ok: false });
      expect(read({ event: "start", start: {} })).toMatchObject({ ok: false });
      expect(read({ event: "transcription", text: "…" })).toEqual({
        ok: true,
        message: { event: "other", name: "transcription" },
      });
      expect(read({ event: "dtmf", dtmf: { digit: "one" } })).toEqual({
        ok: true,
        message: { event: "other", name: "dtmf" },
      });
    },
  );

  it.each(PROVIDERS)("%s: what the caller hears is not taken for what it says", (provider) => {
    const message = { event: "media", media: { track: "outbound", payload: "f39/" } };
    expect(readCallMessage(JSON.stringify(message), provider)).toMatchObject({ message: { event: "other" } });
  });

  it("before the start, nothing else matters", () => {
    expect(readCallMessage('{"event":"media","media":{"payload":"f39/"}}', null)).toMatchObject({
      message: { event: "other" },
    });
  });

  it("none of them throws, whatever it is", () => {
    const shapes = fc.oneof(
      fc.anything().map((value) => JSON.stringify(value) ?? ""),
      fc.string(),
      fc.constantFrom(...PROVIDERS.flatMap((provider) => SEQUENCES[provider])).chain((message) => {
        const text = JSON.stringify(message);
        return fc.nat(text.length).map((length) => text.slice(0, length));
      }),
    );
    fc.assert(
      fc.property(shapes, fc.constantFrom(null, ...PROVIDERS), (text, provider) => {
        const reading = readCallMessage(text, provider);
        return reading.ok || reading.why.endsWith(".");
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("what is written", () => {
  const call = (provider: TelephoneProvider): CallStart => ({
    provider,
    streamId: "MZ1",
    callId: null,
    from: null,
    to: null,
    law: "mulaw",
    parameters: {},
  });

  it("row 36: Twilio's media has its streamSid last, without a space, as FastRTC's", () => {
    expect(WIRES.twilio.media(call("twilio"), "////")).toBe(
      '{"event":"media","media":{"payload":"////"},"streamSid":"MZ1"}',
    );
  });

  it.each([
    ["twilio", '{"event":"mark","streamSid":"MZ1","mark":{"name":"m1"}}', '{"event":"clear","streamSid":"MZ1"}'],
    ["telnyx", '{"event":"mark","mark":{"name":"m1"}}', '{"event":"clear"}'],
    ["plivo", '{"event":"checkpoint","streamId":"MZ1","name":"m1"}', '{"event":"clearAudio","streamId":"MZ1"}'],
  ] as const)("row 37: %s's mark and clear", (provider, mark, clear) => {
    expect(WIRES[provider].mark(call(provider), "m1")).toBe(mark);
    expect(WIRES[provider].clear(call(provider))).toBe(clear);
  });

  it("Telnyx's and Plivo's media", () => {
    expect(WIRES.telnyx.media(call("telnyx"), "////")).toBe('{"event":"media","media":{"payload":"////"}}');
    expect(WIRES.plivo.media(call("plivo"), "////")).toBe(
      '{"event":"playAudio","media":{"contentType":"audio/x-mulaw","sampleRate":8000,"payload":"////"}}',
    );
  });
});
