import { expect, it } from "vitest";
import { readSocketMessage } from "./socket-message.ts";
import { readStart } from "./socket-start.ts";

const start = { event: "start", websocket_id: "a" } as const;

it("reads FastRTC's messages, whatever else is in them, and ours", () => {
  expect(readSocketMessage(JSON.stringify({ ...start, extra: 1 }))).toEqual(start);
  const media = { event: "media", streamSid: "x", media: { payload: "//8=", track: "inbound", chunk: "1" } };
  expect(readSocketMessage(JSON.stringify(media))).toEqual({ event: "media", media: { payload: "//8=" } });
  const asked = { ...start, protocol: 1, codec: "opus", sample_rate: 48_000, binary: true };
  expect(readSocketMessage(JSON.stringify(asked))).toEqual(asked);
});

it("knows events that mean nothing from what is no message", () => {
  for (const event of ["connected", "mark", "dtmf", "anything"])
    expect(readSocketMessage(JSON.stringify({ event }))).toEqual({ event: "unknown" });
  const malformed = [
    "",
    "hello",
    "null",
    "[]",
    "{}",
    '{"event":1}',
    '{"event":"media"}',
    '{"event":"media","media":{"payload":1}}',
    '{"event":"start"}',
    '{"event":"start","websocket_id":""}',
    '{"event":"start","websocket_id":"a","codec":"mp3"}',
    '{"event":"start","websocket_id":"a","sample_rate":44100}',
  ];
  for (const text of malformed) expect(readSocketMessage(text), text).toBeNull();
});

it("a first message may be a ping or nothing at all; another name than was announced is refused", () => {
  const read = (message: unknown, clientId: string | null = null, isBinary = false) =>
    readStart(clientId)(Buffer.from(JSON.stringify(message)), isBinary);
  expect(read({ event: "ping" })).toEqual({ kind: "other", reply: '{"event":"pong"}' });
  expect(read({ event: "media", media: { payload: "" } })).toEqual({ kind: "other" });
  expect(read(start)).toEqual({ kind: "start", start });
  expect(read(start, "a")).toEqual({ kind: "start", start });
  expect(read(start, "b")).toMatchObject({ kind: "invalid" });
  expect(read(start, null, true)).toMatchObject({ kind: "invalid" });
});
