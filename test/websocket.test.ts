/** Rows 29 to 34 of FastRTC's protocol, over real sockets against the real edge and a real node, on both ways that media takes. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { g711 } from "../media-node/audio/g711.ts";
import { clip, concat, levelDb } from "./support/audio.ts";
import { Caller } from "./support/caller.ts";
import { at24k, SocketClient } from "./support/socket-client.ts";
import { type NodeHandle, Stack, sleep, until } from "./support/stack.ts";

/** Below those that the system gives to outgoing connections. */
const MEDIA_PORT = 18_788;
const PLANES = {
  direct: ["--public-url", `ws://127.0.0.1:${MEDIA_PORT}`, "--media-port", String(MEDIA_PORT)],
  bridged: [],
} as const;
/** What FastRTC sends for silence. */
const SILENCE = 0xff;

let stack: Stack;
let node: NodeHandle;
let ids = 0;

const newId = (): string => {
  ids += 1;
  return `ws-${ids}`;
};
const url = (stream: string): string => `${stack.url}/${stream}/websocket/offer`;
const start = (stream: string, id = newId(), extension = {}): Promise<SocketClient> =>
  SocketClient.start(url(stream), id, extension);
const active = async (name: string): Promise<number> => {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as { name: string; active: number }[];
  return streams.find((stream) => stream.name === name)?.active ?? -1;
};
const session = async (stream: string, id: string): Promise<{ state?: string; reason?: string }> =>
  (await (await fetch(`${stack.url}/${stream}/sessions/${id}`)).json()) as { state?: string; reason?: string };
const sine = (durationMs: number, hertz = 440): Int16Array =>
  new Int16Array(24 * durationMs).map((_, i) => 8_000 * Math.sin((2 * Math.PI * hertz * i) / 24_000));
const silence = (durationMs: number): Int16Array => new Int16Array(24 * durationMs);
const sentence = async (): Promise<Int16Array> => concat(at24k(await clip("cards-003.wav")), silence(2_000));

describe.each(Object.keys(PLANES) as (keyof typeof PLANES)[])("media that is %s", (plane) => {
  beforeAll(async () => {
    stack = await Stack.start("test/fixtures/socket-streams.ts", {}, "worker/testing/resettable.ts");
    node = await stack.startNode({ args: PLANES[plane] });
  });
  afterAll(() => stack.stop());
  afterEach(() => SocketClient.closeAll());

  describe("row 29: start, media, stop and ping", () => {
    it("takes audio in pieces of any length and gives all of it to the handler, to the byte", async () => {
      const id = newId();
      const client = await start("loop", id);
      await until(() => node.log().includes(`loop ${id} began`));
      const said = g711("mulaw").encode(sine(1_000));
      let offset = 0;
      for (const length of [1, 479, 480, 2_048, 4_800, 7, said.length]) {
        const bytes = said.subarray(offset, offset + length);
        client.say({ event: "media", media: { payload: Buffer.from(bytes).toString("base64"), track: "inbound" } });
        offset += bytes.length;
      }
      // The last frame is filled up.
      await until(() => client.audio.length >= said.length);
      const heard = g711("mulaw").encode(client.audio);
      expect(heard.subarray(0, said.length)).toEqual(said);
      expect(heard.subarray(said.length).every((byte) => byte === SILENCE)).toBe(true);
      await client.close();
    });

    it("answers a ping, compactly, before the start and after, and ignores events that it does not know", async () => {
      const client = await SocketClient.open(url("loop"));
      for (const event of ["connected", "mark", "dtmf", "ping"]) client.say({ event });
      await until(() => client.texts.length === 1);
      client.say({ event: "start", websocket_id: newId() });
      client.say({ event: "whatever" });
      client.say({ event: "ping" });
      await until(() => client.texts.length === 2);
      expect(client.texts).toEqual(['{"event":"pong"}', '{"event":"pong"}']);
      await client.close();
    });

    it("ends with stop, closed with 1000, and the slot is free", async () => {
      const id = newId();
      const client = await start("loop", id);
      await until(async () => (await session("loop", id)).state === "live");
      client.say({ event: "stop" });
      expect(await client.closed).toBe(1000);
      await until(async () => (await active("loop")) === 0, 2_000);
      await expect.poll(() => session("loop", id)).toMatchObject({ state: "ended", reason: "client_closed" });
    });

    it.each([
      ["no JSON", "hello"],
      ["no event", '{"type":"offer"}'],
      ["media without a payload", '{"event":"media"}'],
      ["binary where it was not agreed on", Buffer.from([1, 2, 3])],
    ])("says what is wrong and closes with 1000: %s", async (_, data) => {
      const client = await start("loop");
      await sleep(50);
      client.raw(data);
      expect(await client.closed).toBe(1000);
      expect(client.messages.at(-1)).toMatchObject({ status: "failed", meta: { error: "socket_message_invalid" } });
    });

    it("sends away who does not say who it is, and closes a message that is too long with 1009", async () => {
      const client = await SocketClient.open(url("loop"));
      client.say({ event: "start" });
      expect(await client.closed).toBe(1000);
      expect(client.messages).toMatchObject([{ meta: { error: "socket_message_invalid" } }]);
      const long = await start("loop");
      await sleep(50);
      long.say({ event: "media", media: { payload: "A".repeat(1024 * 1024) } });
      expect(await long.closed).toBe(1009);
      await until(async () => (await active("loop")) === 0, 5_000);
    });
  });

  describe("row 30: media out", () => {
    it("is JSON without spaces, µ-law at the handler's rate, in real time with a small lead", async () => {
      const client = await start("talkative");
      await until(() => client.media.length > 0);
      const [first] = client.texts.filter((text) => text.includes('"media"'));
      expect(first).toMatch(/^\{"event":"media","media":\{"payload":"[A-Za-z0-9+/]+={0,2}"\}\}$/);
      const startMs = client.media[0]?.atMs ?? 0;
      await until(() => client.audio.length >= 24 * 2_000);
      for (const [index, { atMs }] of client.media.entries()) {
        const beforeMs = client.media.slice(0, index).reduce((sum, { bytes }) => sum + bytes.length / 24, 0);
        const aheadMs = beforeMs - (atMs - startMs);
        // A busy machine may be late, but nothing is ever far ahead.
        expect(aheadMs).toBeLessThanOrEqual(200);
      }
      expect(levelDb(client.audio.slice(0, 24_000))).toBeGreaterThan(-20);
      await client.close();
    });
  });

  describe("row 31: the limit", () => {
    it("is one pool with WebRTC; who finds it full is told after its start, and closed with 1000", async () => {
      const first = await start("lone");
      await until(async () => (await active("lone")) === 1);
      const second = await start("lone");
      expect(await second.closed).toBe(1000);
      expect(second.texts).toEqual(['{"status":"failed","meta":{"error":"concurrency_limit_reached","limit":1}}']);
      expect((await new Caller({ url: stack.url, path: "/lone" }).offer()).body).toEqual({
        status: "failed",
        meta: { error: "concurrency_limit_reached", limit: 1 },
      });
      await first.close();
      await until(async () => (await active("lone")) === 0, 2_000);
      const caller = await new Caller({ url: stack.url, path: "/lone" }).connect();
      const third = await start("lone");
      expect(await third.closed).toBe(1000);
      await caller.hangUp();
      await until(async () => (await active("lone")) === 0, 5_000);
    });
  });

  describe("row 32: the id", () => {
    it("is what inputs, outputs and the session go by", async () => {
      const id = newId();
      const client = await start("echo", id);
      await until(async () => (await session("echo", id)).state === "live");
      const events = await fetch(`${stack.url}/echo/outputs?webrtc_id=${id}`, {
        headers: { accept: "text/event-stream" },
      });
      const set = await fetch(`${stack.url}/echo/input_hook`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ webrtc_id: id, volume: 0.5 }),
      });
      expect(set.status).toBe(200);
      await client.speak(await sentence());
      await client.until(({ type }) => type === "fetch_output");
      client.say({ event: "stop" });
      await client.closed;
      const text = await events.text();
      expect(text).toContain('data: {"volume":0.5}');
      expect(client.logs.slice(0, 2)).toEqual(["started_talking", "pause_detected"]);
      expect(new Set(client.logs.slice(2))).toEqual(new Set(["response_starting"]));
    });

    it("may be watched by a page that asks before its socket has said start", async () => {
      const id = newId();
      const watching = fetch(`${stack.url}/loop/outputs?webrtc_id=${id}`, { headers: { accept: "text/event-stream" } });
      await sleep(200);
      const client = await start("loop", id);
      const events = await watching;
      expect(events.status).toBe(200);
      await client.speak(sine(200), 480);
      await client.until(({ type }) => type === "fetch_output");
      await client.close();
      expect(await events.text()).toContain(`"of":"${id}"`);
    });
  });

  describe("row 33: what FastRTC lacks", () => {
    it("a handler's error is sent, and the session goes on", async () => {
      const client = await start("moody");
      await client.speak(await sentence());
      const error = await client.until(({ type }) => type === "error");
      expect(error).toEqual({ type: "error", message: "not in the mood", data: "not in the mood" });
      await client.speak(await sentence());
      await until(() => client.media.length > 0);
      await client.close();
    });

    it("fetch_output is sent, and shutdown called once, however the client goes", async () => {
      for (const leave of ["close", "vanish"] as const) {
        const id = newId();
        const client = await start("loop", id);
        await client.speak(sine(200), 480);
        await client.until(({ type }) => type === "fetch_output");
        expect(client.texts).toContain('{"type": "fetch_output", "data": []}');
        await client[leave]();
        await until(() => node.log().includes(`loop ${id} shut down`));
        expect(node.log().split(`loop ${id} shut down`)).toHaveLength(2);
      }
    });

    it("an id that is taken is refused with FastRTC's words, before its handler starts, and the first call goes on", async () => {
      const id = newId();
      const first = await start("loop", id);
      await until(async () => (await session("loop", id)).state === "live");
      const second = await start("loop", id);
      expect(await second.closed).toBe(1000);
      expect(second.texts).toEqual(['{"status":"failed","meta":{"error":"connection_already_exists"}}']);
      expect(node.log().split(`loop ${id} began`)).toHaveLength(2);
      await first.speak(sine(200), 480);
      await until(() => first.audio.length >= 4_800);
      expect((await session("loop", id)).state).toBe("live");
      await until(async () => (await active("loop")) === 1);
      await first.close();
    });

    it("the time limit ends the call", async () => {
      const id = newId();
      const client = await start("brief", id);
      expect(await client.closed).toBe(1000);
      await expect.poll(() => session("brief", id)).toMatchObject({ state: "ended", reason: "time_limit" });
    });

    it("CloseStream is heard to its end, then the socket closes, without end_stream", async () => {
      const client = await start("goodbye");
      expect(await client.closed).toBe(1000);
      const heard = client.audio.length;
      expect(heard).toBeGreaterThanOrEqual(24 * 600);
      expect(client.messages.some(({ type }) => type === "end_stream")).toBe(false);
    });

    it("an interruption stops the audio and tells the client to drop what it has", async () => {
      const client = await start("talkative");
      await client.speak(await sentence());
      await until(() => client.media.length > 0);
      await client.speak(await sentence());
      const clear = await client.until(({ event }) => event === "clear");
      expect(clear).toEqual({ event: "clear" });
      await client.close();
    });
  });

  describe("row 34: a handler that must be heard out", () => {
    it("is heard", async () => {
      const client = await start("stubborn");
      await client.speak(await sentence());
      await until(() => client.audio.length > 24_000, 10_000);
      expect(levelDb(client.audio)).toBeGreaterThan(-45);
      await client.close();
    });
  });

  describe("what a start may ask for", () => {
    it.each([
      { codec: "mulaw", sample_rate: 8_000 },
      { codec: "pcm16", sample_rate: 16_000, binary: true },
      { codec: "opus", binary: true },
    ])("%j", async (extension) => {
      const client = await start("loop", newId(), extension);
      const started = await client.until(({ event }) => event === "started");
      const rate = "sample_rate" in extension ? extension.sample_rate : 48_000;
      expect(started).toMatchObject({ codec: extension.codec, binary: "binary" in extension, input_rate: rate });
      expect(started).toMatchObject({ output_rate: rate });
      const frame = Buffer.alloc(extension.codec === "opus" ? 3 : (rate / 50) * (extension.codec === "pcm16" ? 2 : 1));
      // A packet of Opus that is nothing but its head is 20 ms of silence.
      if (extension.codec === "opus") frame[0] = 0xf8;
      for (let n = 0; n < 20; n += 1) {
        if ("binary" in extension) client.raw(frame);
        else client.say({ event: "media", media: { payload: frame.toString("base64") } });
        await sleep(20);
      }
      await until(() => client.media.length >= 10);
      expect(client.received.some(({ data }) => typeof data !== "string")).toBe("binary" in extension);
      await client.close();
    });

    it("EdgeRTC's own messages, and messages to the handler", async () => {
      const client = await start("loop", newId(), { protocol: 1 });
      await client.until(({ type }) => type === "session");
      client.say({ event: "message", text: '{"type":"greeting"}' });
      await client.until((message) => message["heard"] === "greeting");
      client.say({ event: "stop" });
      await client.closed;
      expect(client.messages.at(-1)).toMatchObject({ type: "bye", data: { reason: "client_closed" } });
    });
  });

  if (plane === "direct") {
    it("a deploy in mid-call is not heard: no frame is lost or late when every object is reset", async () => {
      const id = newId();
      const client = await start("loop", id);
      await until(async () => (await session("loop", id)).state === "live");
      const speaking = client.speak(sine(6_000), 480);
      await sleep(1_500);
      for (let round = 0; round < 2; round += 1) {
        const names = {
          directory: ["default"],
          nodes: [`default/${node.id}`],
          sessions: [`default/loop/${id}`],
          streams: ["default/loop"],
        };
        const reset = await fetch(`${stack.url}/testing/reset`, { method: "POST", body: JSON.stringify(names) });
        expect(await reset.json()).toEqual({ reset: 4 });
        await sleep(1_500);
      }
      await speaking;
      await until(() => client.audio.length >= 24 * 6_000);
      const gaps = client.media.slice(1).map(({ atMs }, index) => atMs - (client.media[index]?.atMs ?? 0));
      console.log(`longest gap ${Math.round(Math.max(...gaps))} ms`);
      expect(Math.max(...gaps)).toBeLessThan(400);
      expect(client.code).toBeUndefined();
      await until(async () => (await session("loop", id)).state === "live");
      await client.close();
      await until(async () => (await active("loop")) === 0, 5_000);
    });
  }

  if (plane === "bridged") {
    it("a deploy cuts the call: both sides learn it, and the slot is free", async () => {
      const client = await SocketClient.open(`${url("lone")}?websocket_id=cut`);
      client.say({ event: "start", websocket_id: "cut" });
      await until(async () => (await session("lone", "cut")).state === "live");
      const names = { directory: [], nodes: [], sessions: ["default/lone/cut"], streams: [] };
      await fetch(`${stack.url}/testing/reset`, { method: "POST", body: JSON.stringify(names) });
      expect(await client.closed).not.toBe(1000);
      await until(async () => (await active("lone")) === 0, 5_000);
      expect(await session("lone", "cut")).toMatchObject({ state: "ended", reason: "client_closed" });
    });
  }

  describe("what dies", () => {
    it("a client that leaves before its start frees its slot at once", async () => {
      const client = await SocketClient.open(url("lone"));
      await until(async () => (await active("lone")) === 1);
      client.vanish();
      await until(async () => (await active("lone")) === 0, 2_000);
    });

    it("a session process that is killed closes its clients' sockets, and the slot is free", async () => {
      const client = await start("lone");
      await until(async () => (await active("lone")) === 1);
      const [pid] = await node.shardPids();
      process.kill(pid ?? 0, "SIGKILL");
      expect(await client.closed).not.toBe(1000);
      await until(async () => (await active("lone")) === 0, 5_000);
      // Another takes its place.
      await until(async () => {
        const next = await start("lone");
        next.say({ event: "ping" });
        return await Promise.race([next.closed.then(() => false), until(() => next.texts.length > 0).then(() => true)]);
      });
    });
  });
});
