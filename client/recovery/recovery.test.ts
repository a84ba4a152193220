/** A call whose network changes, on a browser that is moved by hand. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCall } from "../call.ts";
import type { Call } from "../options.ts";
import { descriptor as audio } from "../testing/descriptor.ts";
import type { FakeBrowser, FakeConnection } from "../testing/fake-browser.ts";
import { closeFakeBrowser, openFakeBrowser, settle } from "../testing/in-fake-browser.ts";

const SESSION = {
  type: "session",
  data: { sid: "s_1", stream: "echo", timeLimitMs: null, elapsedMs: 0 },
};

let browser: FakeBrowser;
/** What the edge says to a restart. */
let restart: () => unknown;
let online: boolean;

beforeEach(() => {
  browser = openFakeBrowser();
  restart = () => ({ sdp: "again", type: "answer" });
  online = true;
  browser.reply = (url, body) => {
    if (url.includes("/sessions/")) return { state: "live" };
    return typeof body === "object" && body !== null && "sid" in body ? restart() : { sdp: "answer", type: "answer" };
  };
  Object.defineProperty(navigator, "onLine", { get: () => online });
});
afterEach(closeFakeBrowser);

interface Running {
  readonly call: Call;
  readonly states: string[];
  readonly texts: string[];
  readonly first: FakeConnection;
}

async function converse(modality: "audio" | "audio-video" = "audio", turn = false): Promise<Running> {
  const call = createCall({ stream: "echo", descriptor: { ...audio, modality, turn } });
  const [states, texts]: [string[], string[]] = [[], []];
  call.on("state", ({ name }) => states.push(name));
  call.on("message", ({ text, message }) => message === null && texts.push(text));
  call.start().catch(() => null);
  await settle();
  const first = last();
  first.connect();
  first.receive(SESSION);
  await settle();
  return { call, states, texts, first };
}

function last(): FakeConnection {
  const connection = browser.connections.at(-1);
  if (connection === undefined) throw new Error("there is no connection");
  return connection;
}

const restarts = () =>
  browser.requests.filter(
    ({ body }) => typeof body === "object" && body !== null && Reflect.get(body, "type") === "restart",
  );

/** Lets time pass. */
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** The browser tells the page that the machine is on a network, or on none. */
const announce = (name: "online" | "offline") => browser.page.dispatchEvent(new Event(name));

/** The machine is on another network, and says so. @returns the connection that the call tries there, not up yet. */
async function changeNetwork(): Promise<FakeConnection> {
  announce("online");
  await pass(100);
  await settle();
  return last();
}

/** The machine is on no network any more. */
function unplug(connection: FakeConnection): void {
  online = false;
  connection.flows = false;
  announce("offline");
}

/** Nothing arrives any more, for as long as it takes a call to notice. */
async function fallSilent(connection: FakeConnection): Promise<void> {
  connection.flows = false;
  await pass(1_400);
}

/** The node takes the connection for the session's: either side has heard the other's first message, and no more was said. */
const resume = (connection: FakeConnection) => connection.receive({ type: "resumed", data: { received: 1, sent: 1 } });

/** Whatever is asked stays open. */
const noAnswer = (): Promise<never> => new Promise(() => null);

describe("a call whose network changes", () => {
  it("goes on over another connection, of the same session, and neither side misses a text", async () => {
    const { call, states, texts, first } = await converse();
    first.receive("one");
    call.send("a");
    call.send("b");
    const second = await changeNetwork();
    expect(restarts()[0]?.body).toMatchObject({ type: "restart", sid: "s_1", webrtc_id: call.info.clientId });
    expect(second).not.toBe(first);
    second.connect();
    // The session's message and "one".
    expect(second.channel.sent).toEqual(['{"type":"resume","received":2}']);
    // The greeting and "a".
    second.receive({ type: "resumed", data: { received: 2 } });
    second.receive("two");
    expect(second.channel.sent.slice(1)).toEqual(["b"]);
    expect(texts).toEqual(["one", "two"]);
    expect(first.connectionState).toBe("closed");
    expect(states.slice(-2)).toEqual(["interrupted", "connected"]);
    call.send("c");
    expect(second.channel.sent.at(-1)).toBe("c");
    await call.end();
    expect(second.connectionState).toBe("closed");
  });

  it("hears nothing twice that the former still brought while the other came up", async () => {
    const { call, texts, first } = await converse();
    first.flows = false;
    const second = await changeNetwork();
    first.receive("one");
    second.connect();
    // The session's message and "one".
    expect(second.channel.sent).toEqual(['{"type":"resume","received":2}']);
    // Was on its way, and the node cannot know.
    first.receive("two");
    second.receive({ type: "resumed", data: { received: 1, sent: 2 } });
    for (const text of ["two", "three"]) second.receive(text);
    expect(texts).toEqual(["one", "two", "three"]);
    await call.end();
  });

  it("sees a connection through over which it has said how far it heard: the node may have let go of the former", async () => {
    const { call, states, first } = await converse();
    const second = await changeNetwork();
    second.connect();
    // The former is still heard of.
    await pass(4_000);
    expect([second.connectionState, states.at(-1)]).toEqual(["connected", "interrupted"]);
    resume(second);
    expect([first.connectionState, states.at(-1)]).toEqual(["closed", "connected"]);
    await call.end();
  });

  it("tries another where that is not answered, and keeps the former where it is heard of", async () => {
    const { call, states, first } = await converse();
    const second = await changeNetwork();
    second.connect();
    await pass(5_600);
    expect([first.connectionState, second.connectionState]).toEqual(["connected", "closed"]);
    expect(states.at(-1)).toBe("connected");
    await call.end();
  });

  it("goes on with the microphone that was chosen while the other connection came up", async () => {
    const { call, first } = await converse();
    first.flows = false;
    const second = await changeNetwork();
    await call.setMicrophone({ deviceId: "another" });
    second.connect();
    resume(second);
    expect(second.replaced).toEqual([browser.tracks[1]]);
    await call.end();
  });

  it("is watched on, where the browser never tells the statistics of the connection that was left", async () => {
    const { call, states, first } = await converse();
    const second = await changeNetwork();
    // Its page is gone with it, and whatever was asked there.
    first.getStats = noAnswer;
    await pass(200);
    second.connect();
    resume(second);
    await pass(1_000);
    expect(states.at(-1)).toBe("connected");
    await fallSilent(second);
    expect(states.at(-1)).toBe("interrupted");
    await call.end();
  });

  it("is as quick to notice again after a good while without trouble", async () => {
    const { call, states, first } = await converse();
    for (let n = 0; n < 3; n++) {
      first.flows = false;
      await pass(8_000);
      first.flows = true;
      await pass(600);
      expect(states.at(-1)).toBe("connected");
    }
    await pass(60_000);
    await fallSilent(first);
    expect(states.at(-1)).toBe("interrupted");
    await call.end();
  });

  it("that comes back while the edge is asked for the last time is not given up", async () => {
    const { call, states, first } = await converse();
    restart = noAnswer;
    first.change("disconnected");
    await pass(19_800);
    let answer = (_: unknown): void => undefined;
    browser.reply = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    await pass(300);
    first.change("connected");
    answer({ state: "live" });
    await settle();
    expect([states.at(-1), call.state.name]).toEqual(["connected", "connected"]);
    await call.end();
  });

  it("has its TURN servers on the other connection, too, though the edge could not be asked for them at first", async () => {
    const servers = (name: string) => ({
      iceServers: [{ urls: [`turn:${name}.example`], username: "u", credential: "c" }],
    });
    const { reply } = browser;
    let turn: () => unknown = () => servers("first");
    browser.reply = (url, body) => (url.endsWith("/turn") ? turn() : reply(url, body));
    const { call, first } = await converse("audio", true);
    const errors: string[] = [];
    call.on("error", ({ code }) => errors.push(code));
    expect(first.configuration).toMatchObject(servers("first"));
    turn = restart = () => {
      throw new TypeError("the network is down");
    };
    first.flows = false;
    announce("offline");
    await pass(1_000);
    turn = () => servers("second");
    await pass(1_000);
    expect(last().configuration).toMatchObject(servers("second"));
    // Those of before may still do.
    turn = () => ({ status: "failed", meta: { error: "turn_unavailable", retryable: true } });
    await pass(1_000);
    expect(last().configuration).toMatchObject(servers("first"));
    expect(errors).toEqual([]);
    await call.end();
  });

  it("notices by itself when nothing arrives any more", async () => {
    const { call, states, first } = await converse();
    await pass(5_000);
    expect(restarts()).toEqual([]);
    await fallSilent(first);
    expect(states.at(-1)).toBe("interrupted");
    expect(restarts()).toHaveLength(1);
    await call.end();
  });

  it("is left alone when it comes back by itself", async () => {
    const { call, states, first } = await converse();
    await fallSilent(first);
    const second = last();
    first.flows = true;
    await pass(600);
    expect(states.at(-1)).toBe("connected");
    expect([first.connectionState, second.connectionState]).toEqual(["connected", "closed"]);
    await call.end();
  });

  it("asks nobody while the machine is offline, and at once when it is not", async () => {
    const { call, states, first } = await converse();
    unplug(first);
    await pass(5_000);
    expect([states.at(-1), restarts().length]).toEqual(["interrupted", 0]);
    online = true;
    announce("online");
    await pass(100);
    expect(restarts()).toHaveLength(1);
    await call.end();
  });

  it("tries again, with longer and longer breaks, and gives up after 20 seconds", async () => {
    const { call, states, first } = await converse();
    restart = noAnswer;
    first.change("disconnected");
    await pass(19_900);
    expect(states.at(-1)).toBe("interrupted");
    expect(restarts().length).toBeGreaterThan(4);
    expect(restarts().length).toBeLessThan(12);
    await pass(200);
    expect(call.state).toMatchObject({ name: "failed", error: { code: "connection_lost" } });
  });

  it("waits for the connection to heal by itself where the edge is of before restarts", async () => {
    const { call, states, first } = await converse();
    restart = () => ({ status: "failed", meta: { error: "invalid_offer_type", retryable: false } });
    first.change("disconnected");
    await pass(5_000);
    expect(restarts()).toHaveLength(1);
    first.change("connected");
    await pass(60_000);
    expect(states.at(-1)).toBe("connected");
    await call.end();
  });

  it("leaves nothing behind on a connection with video while the machine is offline", async () => {
    const { call, first } = await converse("audio-video");
    const listening = vi.spyOn(first, "addEventListener");
    const left = vi.spyOn(first, "removeEventListener");
    unplug(first);
    await pass(3_000);
    await call.end();
    expect(listening.mock.calls.length).toBe(left.mock.calls.length);
  });

  it("with video looks for another path of the same connection", async () => {
    const { call, states, first } = await converse("audio-video");
    first.flows = false;
    announce("online");
    await pass(150);
    expect(browser.connections).toEqual([first]);
    expect([first.restarts, first.remoteSdp]).toEqual([1, "again"]);
    first.flows = true;
    await pass(500);
    expect(states.slice(-2)).toEqual(["interrupted", "connected"]);
    await call.end();
  });
});
