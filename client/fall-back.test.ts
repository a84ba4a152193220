/** A call whose media goes over a WebSocket, because it was asked for or because WebRTC does not come up. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCall } from "./call.ts";
import type { Call, CallOptions } from "./options.ts";
import { descriptor } from "./testing/descriptor.ts";
import { FakeBrowser, type FakeSocket } from "./testing/fake-browser.ts";

let browser: FakeBrowser;

beforeEach(() => {
  vi.useFakeTimers();
  browser = new FakeBrowser();
  for (const [name, value] of Object.entries(browser.globals())) vi.stubGlobal(name, value);
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  expect(browser.audioContexts.every(({ state }) => state === "closed")).toBe(true);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const STARTED = { event: "started", sid: "s1", codec: "pcm16", binary: true, input_rate: 24_000, output_rate: 24_000 };

interface Running {
  readonly call: Call;
  readonly events: string[];
  readonly outcome: { value?: unknown };
}

/** Modules are loaded in real time, a little at a time. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await vi.advanceTimersByTimeAsync(0);
    await vi.dynamicImportSettled();
  }
}

async function dial(options: CallOptions = {}): Promise<Running> {
  const call = createCall({ stream: "echo", descriptor, ...options });
  const events: string[] = [];
  call.on("state", (state) => events.push(state.name));
  call.on("error", (error) => events.push(`error ${error.code}`));
  const outcome: { value?: unknown } = {};
  call.start().then(
    () => Object.assign(outcome, { value: "connected" }),
    (error: unknown) => Object.assign(outcome, { value: error }),
  );
  await settle();
  return { call, events, outcome };
}

function socket(): FakeSocket {
  const last = browser.sockets.at(-1);
  if (last === undefined) throw new Error("the call made no socket");
  return last;
}

async function converse(options: CallOptions = { transport: "websocket" }): Promise<Running> {
  const running = await dial(options);
  socket().open();
  socket().receive(STARTED);
  await settle();
  return running;
}

it("sound over a WebSocket that the browser holds back, the microphone's too, begins with the next click on the page", async () => {
  browser.silent = true;
  const { call, events } = await converse();
  const states = () => browser.audioContexts.map(({ state }) => state);
  expect([events.at(-1), states()]).toEqual(["error autoplay_blocked", ["suspended"]]);
  browser.page.dispatchEvent(new Event("click"));
  await settle();
  expect(states()).toEqual(["running"]);
  await call.end();
  // Nobody waits for a click on behalf of a call that is over.
  const { call: unheard } = await converse();
  await unheard.end();
  browser.page.dispatchEvent(new Event("keydown"));
  await settle();
  expect(states()).toEqual(["closed", "closed"]);
});

describe("falling back", () => {
  it("gives WebRTC five seconds, gives its session up, and connects over a WebSocket", async () => {
    const { call, events, outcome } = await dial();
    expect(call.info.transport).toBe("webrtc");
    await vi.advanceTimersByTimeAsync(4_900);
    expect(browser.sockets).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    await settle();
    const { clientId } = call.info;
    expect(browser.requests.at(-1)).toMatchObject({ method: "DELETE", url: `/echo/sessions/${clientId}` });
    expect(browser.connections[0]?.connectionState).toBe("closed");
    expect(socket().url).toBe(`wss://voice.example.com/echo/websocket/offer?websocket_id=${clientId}`);
    socket().open();
    socket().receive(STARTED);
    await settle();
    expect(events).toEqual(["starting", "asking_microphone", "connecting", "connected"]);
    expect(outcome.value).toBe("connected");
    expect(call.info.transport).toBe("websocket");
    await call.end();
  });

  it("does not wait where the browser knows that WebRTC has failed", async () => {
    const { call } = await dial();
    browser.connections[0]?.change("failed");
    await settle();
    expect(browser.sockets).toHaveLength(1);
    await call.end();
  });

  it("goes straight to the WebSocket in a browser without WebRTC", async () => {
    vi.stubGlobal("RTCPeerConnection", undefined);
    const { call } = await converse({});
    expect(browser.requests).toEqual([]);
    expect(call.state.name).toBe("connected");
    await call.end();
  });

  it("leaves a call alone that WebRTC has connected, whatever becomes of it", async () => {
    const { call } = await dial();
    browser.connections[0]?.connect();
    await vi.advanceTimersByTimeAsync(60_000);
    browser.connections[0]?.change("failed");
    await vi.advanceTimersByTimeAsync(25_000);
    expect(call.state.name).toBe("failed");
    expect(browser.sockets).toEqual([]);
  });

  it("does not happen to a stream with video, nor where WebRTC was asked for", async () => {
    const calls = [
      await dial({ descriptor: { ...descriptor, modality: "audio-video" }, video: false }),
      await dial({ transport: "webrtc" }),
    ];
    await vi.advanceTimersByTimeAsync(20_000);
    expect(browser.sockets).toEqual([]);
    for (const { outcome } of calls) expect(outcome.value).toMatchObject({ code: "connect_timeout" });
  });

  it("is over where the person hangs up meanwhile, and their slot is free", async () => {
    const { call, outcome } = await dial();
    await vi.advanceTimersByTimeAsync(4_000);
    await call.end();
    expect(browser.requests.at(-1)?.method).toBe("DELETE");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(browser.sockets).toEqual([]);
    expect(outcome.value).toMatchObject({ code: "call_ended" });
  });

  it("gives nothing up that was never there: a refused call, or one that was up", async () => {
    const { call } = await dial();
    browser.connections[0]?.connect();
    await call.end();
    browser.reply = () => ({ status: "failed", meta: { error: "concurrency_limit_reached", limit: 1 } });
    await dial();
    expect(browser.requests.filter(({ method }) => method === "DELETE")).toEqual([]);
  });

  it("tries again where WebRTC came up as it was given up: the edge knows the call until the node has noticed", async () => {
    const { call, outcome } = await dial({ token: async () => await Promise.resolve(`t${browser.sockets.length}`) });
    await vi.advanceTimersByTimeAsync(5_000);
    await settle();
    socket().open();
    socket().receive({ status: "failed", meta: { error: "connection_already_exists" } });
    socket().drop();
    await vi.advanceTimersByTimeAsync(499);
    expect(browser.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(browser.sockets).toHaveLength(2);
    // A token is good for one try.
    expect(socket().url).toContain("token=t1");
    socket().open();
    socket().receive(STARTED);
    await settle();
    expect(outcome.value).toBe("connected");
    await call.end();
  });

  it("says so where somebody else has the call's id, after a few tries", async () => {
    const { outcome } = await dial({ transport: "websocket" });
    for (let tries = 0; tries < 5; tries += 1) {
      expect(outcome.value).toBeUndefined();
      socket().open();
      socket().receive({ status: "failed", meta: { error: "connection_already_exists" } });
      await vi.advanceTimersByTimeAsync(500);
      await settle();
    }
    expect(outcome.value).toMatchObject({ code: "connection_already_exists" });
    expect(browser.sockets).toHaveLength(5);
  });

  it("tries no more once the person has hung up", async () => {
    const { call } = await dial({ transport: "websocket" });
    socket().open();
    socket().receive({ status: "failed", meta: { error: "connection_already_exists" } });
    await call.end();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(browser.sockets).toHaveLength(1);
  });

  it("says what to do where neither works", async () => {
    const { outcome } = await dial();
    await vi.advanceTimersByTimeAsync(5_000);
    await settle();
    socket().drop();
    await settle();
    expect(outcome.value).toMatchObject({ code: "connect_timeout" });
  });

  it("shows the edge's refusal", async () => {
    const { outcome } = await dial({ transport: "websocket" });
    socket().open();
    socket().receive({ status: "failed", meta: { error: "concurrency_limit_reached", limit: 1 } });
    await settle();
    expect(outcome.value).toMatchObject({ code: "concurrency_limit_reached", limit: 1 });
    expect(browser.tracks[0]?.stopped).toBe(true);
  });
});

describe("a call over a WebSocket", () => {
  it("starts with what it wants: 16 bit PCM at 24 kHz in binary messages, and our own messages", async () => {
    const { call } = await converse();
    expect(socket().said[0]).toEqual({
      event: "start",
      websocket_id: call.info.clientId,
      protocol: 1,
      codec: "pcm16",
      sample_rate: 24_000,
      binary: true,
    });
    await call.end();
    expect(socket().said.at(-1)).toEqual({ event: "stop" });
  });

  it("asks for a join token as it does over WebRTC", async () => {
    const { call } = await converse({ transport: "websocket", token: async () => await Promise.resolve("a.b.c") });
    expect(socket().url).toContain("&token=a.b.c");
    await call.end();
  });

  it("sends the microphone in frames of 20 ms and plays what comes, each at its rate", async () => {
    const { call } = await converse();
    const [playback, capture] = browser.audioNodes;
    capture?.port.onmessage({ data: new Float32Array(960).fill(0.5) });
    capture?.port.onmessage({ data: new Float32Array(960).fill(0.5) });
    const frames = socket().sent.filter((data) => data instanceof ArrayBuffer);
    expect(frames).toHaveLength(2);
    expect(new Int16Array(frames[1] ?? new ArrayBuffer()).length).toBe(480);
    expect(new Int16Array(frames[1] ?? new ArrayBuffer()).at(-1)).toBeCloseTo(16_383, -2);
    for (let i = 0; i < 2; i++) socket().receive(new Int16Array(480).buffer);
    const heard = playback?.posted ?? [];
    expect(heard.every((samples) => samples instanceof Float32Array)).toBe(true);
    // The first has filled the filter.
    expect(heard.at(-1)).toHaveProperty("length", 960);
    await call.end();
  });

  it("forgets what it has not played when the node says so", async () => {
    const { call } = await converse();
    socket().receive({ event: "clear" });
    expect(browser.audioNodes[0]?.posted).toEqual(["clear"]);
    await call.end();
  });

  it("hears messages and sends them", async () => {
    const { call } = await converse();
    const heard: unknown[] = [];
    call.on("turn", (turn) => heard.push(turn));
    call.on("message", ({ text }) => heard.push(text));
    socket().receive('{"type":"turn","data":{"state":"thinking"}}');
    socket().receive("tick");
    expect(heard).toEqual(['{"type":"turn","data":{"state":"thinking"}}', "thinking", "tick"]);
    call.send("typed");
    expect(socket().said.at(-1)).toEqual({ event: "message", text: "typed" });
    await call.end();
  });

  it("knows its path, with the round trip of its pings", async () => {
    const { call } = await converse();
    await vi.advanceTimersByTimeAsync(5_000);
    await vi.advanceTimersByTimeAsync(30);
    socket().receive({ event: "pong" });
    expect(await call.path()).toMatchObject({ transport: "websocket", protocol: "tcp", roundTripMs: 30 });
    await call.end();
  });

  it("is lost when the socket closes, for the reason that the edge knows", async () => {
    browser.reply = () => ({ state: "ended", reason: "node_lost" });
    const { call, events } = await converse();
    socket().drop();
    await settle();
    expect(call.state).toMatchObject({ name: "failed", error: { code: "node_lost" } });
    expect(events.at(-1)).toBe("error node_lost");
  });

  it("shows a strict edge the secret that it was given", async () => {
    browser.reply = () => ({ state: "ended", reason: "node_lost" });
    await converse();
    const session = { sid: "s1", stream: "echo", timeLimitMs: null, elapsedMs: 0, secret: "of-the-session" };
    socket().receive({ type: "session", data: session });
    socket().drop();
    await settle();
    expect(browser.requests.at(-1)?.headers).toEqual({ authorization: "Bearer of-the-session" });
  });

  it("is lost when nothing comes for 12 seconds, not even an answer to a ping", async () => {
    browser.reply = () => ({ state: "live" });
    const { call } = await converse();
    await vi.advanceTimersByTimeAsync(11_900);
    expect(call.state.name).toBe("connected");
    await vi.advanceTimersByTimeAsync(200);
    expect(call.state).toMatchObject({ name: "failed", error: { code: "connection_lost" } });
  });

  it("takes another microphone in mid-call", async () => {
    const { call } = await converse();
    await call.setMicrophone({ deviceId: "other" });
    expect(browser.audioNodes.map(({ name }) => name)).toEqual([
      "edgertc-playback",
      "edgertc-capture",
      "edgertc-capture",
    ]);
    expect(browser.audioNodes[1]?.posted).toEqual(["stop"]);
    await call.end();
  });

  it("sends nothing where the network takes nothing", async () => {
    const { call } = await converse();
    socket().bufferedAmount = 200_000;
    browser.audioNodes[1]?.port.onmessage({ data: new Float32Array(960) });
    expect(socket().sent.some((data) => data instanceof ArrayBuffer)).toBe(false);
    await call.end();
  });
});
