import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCall } from "./call.ts";
import type { Call, CallOptions } from "./options.ts";
import { descriptor } from "./testing/descriptor.ts";
import type { FakeBrowser, FakeConnection } from "./testing/fake-browser.ts";
import { closeFakeBrowser, openFakeBrowser } from "./testing/in-fake-browser.ts";

let browser: FakeBrowser;

beforeEach(() => {
  browser = openFakeBrowser();
});

afterEach(closeFakeBrowser);

/** Everything that is due without time passing. */
const settle = () => vi.advanceTimersByTimeAsync(0);

interface Running {
  readonly call: Call;
  /** The call's events, in order. */
  readonly events: string[];
  /** How `start()` came out: undefined while it is open. */
  readonly outcome: { value?: unknown };
  readonly connection: FakeConnection;
}

/** A call up to its offer. */
async function dial(options: CallOptions = {}): Promise<Running> {
  const call = createCall({ stream: "echo", descriptor, ...options });
  const events: string[] = [];
  call.on("state", (state) => events.push(state.name));
  call.on("error", (error) => events.push(`error ${error.code}`));
  call.on("end", (end) => events.push(`end ${end.reason}`));
  const outcome: { value?: unknown } = {};
  call.start().then(
    () => Object.assign(outcome, { value: "connected" }),
    (error: unknown) => Object.assign(outcome, { value: error }),
  );
  await settle();
  const connection = browser.connections.at(-1);
  if (connection === undefined) throw new Error("the call made no connection");
  return { call, events, outcome, connection };
}

/** A call that is connected. */
async function converse(options?: CallOptions): Promise<Running> {
  const running = await dial(options);
  running.connection.connect();
  await settle();
  return running;
}

describe("a call that starts", () => {
  it("asks for the microphone, offers, connects and says hello", async () => {
    const { call, events, outcome, connection } = await converse();
    expect(events).toEqual(["starting", "asking_microphone", "connecting", "connected"]);
    expect(outcome.value).toBe("connected");
    expect(connection.remoteSdp).toBe("answer");
    expect(connection.channel.sent).toEqual(['{"type":"hello","protocol":1}']);
    expect(call.info.connectMs).toBeGreaterThanOrEqual(0);
    await call.end();
  });

  it("asks the edge what the stream is, where it was not told", async () => {
    browser.reply = (url) => (url.endsWith("/config") ? { ...descriptor, mode: "receive" } : new Promise(() => null));
    const call = createCall({ stream: "echo" });
    const started = call.start();
    await settle();
    expect(browser.requests.map(({ url }) => url)).toEqual(["/echo/config", "/echo/webrtc/offer"]);
    // A stream that only sends needs no microphone.
    expect(browser.tracks).toEqual([]);
    expect(browser.connections[0]?.directions).toEqual(["recvonly"]);
    await call.end();
    await expect(started).rejects.toMatchObject({ code: "call_ended" });
  });

  it("sends the offer without waiting for candidates, and these behind the answer if they are needed", async () => {
    const answer = Promise.withResolvers<unknown>();
    browser.reply = () => answer.promise;
    const { call, connection } = await dial();
    connection.gather("candidate:1 1 udp 1 192.0.2.1 9 typ host generation 0 ufrag x");
    connection.gather(null);
    await settle();
    const { clientId } = call.info;
    expect(browser.requests.map(({ body }) => body)).toEqual([{ sdp: "offer", type: "offer", webrtc_id: clientId }]);
    answer.resolve({ sdp: "answer", type: "answer" });
    await settle();
    await vi.advanceTimersByTimeAsync(250);
    expect(browser.requests.map(({ body }) => body)).toEqual([
      { sdp: "offer", type: "offer", webrtc_id: clientId },
      {
        candidate: { candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host generation 0 ufrag x", sdpMid: "0" },
        type: "ice-candidate",
        webrtc_id: clientId,
      },
    ]);
    await call.end();
  });

  it("fails with the edge's refusal and lets go of the microphone", async () => {
    browser.reply = () => ({ status: "failed", meta: { error: "concurrency_limit_reached", limit: 1 } });
    const { events, outcome } = await dial();
    expect(events.slice(-3)).toEqual(["failed", "error concurrency_limit_reached", "end failed"]);
    expect(outcome.value).toMatchObject({ code: "concurrency_limit_reached", limit: 1 });
    expect(browser.tracks[0]?.stopped).toBe(true);
  });

  it("gives up after 15 seconds without a connection", async () => {
    const { outcome } = await dial({ transport: "webrtc" });
    await vi.advanceTimersByTimeAsync(14_999);
    expect(outcome.value).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome.value).toMatchObject({ code: "connect_timeout" });
  });

  it("waits for the person's answer about the microphone as long as it takes", async () => {
    browser.getUserMedia = () => new Promise(() => null);
    const call = createCall({ descriptor });
    const started = call.start();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(call.state.name).toBe("asking_microphone");
    await call.end();
    await expect(started).rejects.toMatchObject({ code: "call_ended" });
  });

  it("lets go of a microphone that was allowed after the person hung up", async () => {
    const open = browser.getUserMedia;
    let allow: () => void = () => expect.unreachable();
    const allowed = new Promise<void>((resolve) => {
      allow = resolve;
    });
    browser.getUserMedia = () => allowed.then(() => open());
    const call = createCall({ descriptor });
    const started = expect(call.start()).rejects.toMatchObject({ code: "call_ended" });
    await settle();
    await call.end();
    allow();
    await settle();
    await started;
    expect(browser.tracks.map(({ stopped }) => stopped)).toEqual([true]);
    expect(browser.connections).toEqual([]);
  });

  it("can be started once", async () => {
    const { call } = await dial();
    await expect(call.start()).rejects.toMatchObject({ code: "already_started" });
    await call.end();
  });
});

describe("a call that lasts", () => {
  it("hears the server's messages, typed and as they came", async () => {
    const { call, connection } = await converse();
    const heard: unknown[] = [];
    call.on("turn", (turn) => heard.push(turn));
    call.on("transcript", ({ text }) => heard.push(text));
    call.on("output", (values) => heard.push(values));
    call.on("message", ({ text, message }) => heard.push(message?.type ?? text));
    connection.receive({ type: "turn", data: { state: "thinking" } });
    connection.receive({ type: "transcript", data: { id: 1, role: "user", text: "hi", final: true } });
    connection.receive({ type: "output", data: [1, "two"] });
    connection.receive("tick");
    expect(heard).toEqual(["turn", "thinking", "transcript", "hi", "output", [1, "two"], "tick"]);
    await call.end();
  });

  it("knows how much time is left, from the server's clock", async () => {
    const { call, connection } = await converse();
    expect(call.remainingMs()).toBeNull();
    connection.receive({
      type: "session",
      data: { sid: "s_1", stream: "echo", timeLimitMs: 60_000, elapsedMs: 20_000 },
    });
    expect(call.info.sid).toBe("s_1");
    await vi.advanceTimersByTimeAsync(15_000);
    expect(call.remainingMs()).toBe(25_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(call.remainingMs()).toBe(0);
    await call.end();
  });

  it("goes on after a handler's error", async () => {
    const { call, events, connection } = await converse();
    connection.receive({ type: "error", message: "boom" });
    expect(events.at(-1)).toBe("error handler_failed");
    expect(call.state.name).toBe("connected");
    await call.end();
  });

  it("mutes the microphone, also before there is one", async () => {
    const call = createCall({ descriptor });
    call.mute(true);
    const started = call.start().catch(() => null);
    await settle();
    expect(browser.tracks[0]?.enabled).toBe(false);
    call.mute(false);
    expect(browser.tracks[0]?.enabled).toBe(true);
    await call.end();
    await started;
  });

  it("sends text only while it is connected, and not too much of it", async () => {
    const { call, connection } = await dial();
    expect(() => call.send("early")).toThrow(expect.objectContaining({ code: "not_connected" }));
    connection.connect();
    call.send("hello");
    expect(connection.channel.sent.at(-1)).toBe("hello");
    expect(() => call.send("x".repeat(64 * 1024 + 1))).toThrow(expect.objectContaining({ code: "message_too_large" }));
    await call.end();
  });
});

describe("a call that is interrupted", () => {
  it("goes on when the connection comes back", async () => {
    browser.reply = (url) => (url.includes("/sessions/") ? { state: "live" } : { sdp: "answer", type: "answer" });
    const { call, events, connection } = await converse();
    connection.change("disconnected");
    await vi.advanceTimersByTimeAsync(5_000);
    connection.change("connected");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(events.slice(-3)).toEqual(["connected", "interrupted", "connected"]);
    // Hello is said once.
    expect(connection.channel.sent).toHaveLength(1);
    await call.end();
  });

  it("learns from the edge that its media node is lost, long before it would give up by itself", async () => {
    let lost = false;
    browser.reply = (url) => {
      if (!url.includes("/sessions/")) return { sdp: "answer", type: "answer" };
      return lost ? { state: "ended", reason: "node_lost" } : { state: "live" };
    };
    const { events, connection } = await converse();
    connection.change("disconnected");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(events.at(-1)).toBe("interrupted");
    lost = true;
    await vi.advanceTimersByTimeAsync(1_200);
    expect(events.slice(-3)).toEqual(["failed", "error node_lost", "end failed"]);
  });

  it("is given up after 10 seconds where the edge cannot tell more", async () => {
    browser.reply = (url) => (url.includes("/sessions/") ? { state: "live" } : { sdp: "answer", type: "answer" });
    const { events, connection } = await converse();
    connection.change("disconnected");
    await vi.advanceTimersByTimeAsync(9_900);
    expect(events.at(-1)).toBe("interrupted");
    await vi.advanceTimersByTimeAsync(200);
    expect(events.slice(-2)).toEqual(["error connection_lost", "end failed"]);
  });

  it("ends with the node's reason when the node closes the channel without a word", async () => {
    browser.reply = (url) =>
      url.includes("/sessions/") ? { state: "ended", reason: "draining" } : { sdp: "answer", type: "answer" };
    const { events, connection } = await converse();
    connection.closeChannel();
    await vi.advanceTimersByTimeAsync(200);
    expect(events.slice(-3)).toEqual(["interrupted", "ended", "end draining"]);
  });
});

describe("a call that ends", () => {
  it("closes everything at once, tells it once, and takes another end in good part", async () => {
    const { call, events, connection } = await converse();
    await call.end();
    await call.end();
    expect(events.slice(-2)).toEqual(["ended", "end client_closed"]);
    expect(connection.connectionState).toBe("closed");
    expect(browser.tracks[0]?.stopped).toBe(true);
  });

  it("hangs up when the page goes away", async () => {
    const { call, connection } = await converse();
    browser.page.dispatchEvent(new Event("pagehide"));
    expect(call.state).toEqual({ name: "ended", reason: "client_closed" });
    expect(connection.connectionState).toBe("closed");
  });

  it("takes the server's goodbye, with its reason", async () => {
    const { call, connection } = await converse();
    connection.receive({ type: "bye", data: { reason: "time_limit" } });
    expect(call.state).toEqual({ name: "ended", reason: "time_limit" });
    const other = await converse();
    other.connection.receive({ type: "bye", data: { reason: "from_the_future" } });
    expect(other.call.state).toEqual({ name: "ended", reason: "ended_by_edge" });
  });

  it("takes FastRTC's ends of a stream and of a connection", async () => {
    const { call, connection } = await converse();
    connection.receive({ type: "end_stream", data: "Stream closed" });
    // What is in the jitter buffer is still heard.
    expect(call.state.name).toBe("connected");
    await vi.advanceTimersByTimeAsync(300);
    expect(call.state).toEqual({ name: "ended", reason: "handler_closed" });
    const other = await converse();
    other.connection.receive({ type: "update_connection", data: "closed" });
    expect(other.call.state).toEqual({ name: "ended", reason: "ended_by_edge" });
  });

  it("hears nothing of its connection any more", async () => {
    const { call, events, connection } = await converse();
    await call.end();
    const before = events.length;
    connection.change("failed");
    connection.closeChannel();
    connection.receive({ type: "error", message: "late" });
    await settle();
    expect(events).toHaveLength(before);
  });
});
