/** Calls whose time is up, on a stream that gives them a place in line again. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StreamConfig } from "../../shared/stream-config.ts";
import { createCall } from "../call.ts";
import type { Call, CallOptions } from "../options.ts";
import { descriptor as plain } from "../testing/descriptor.ts";
import type { FakeBrowser, FakeConnection } from "../testing/fake-browser.ts";
import { closeFakeBrowser, openFakeBrowser, settle } from "../testing/in-fake-browser.ts";

const TICKET = `q_${"1".repeat(32)}`;
const QUEUE = `/echo/queue/${TICKET}`;
const BYE = { type: "bye", data: { reason: "time_limit", ticket: TICKET } };
const SESSION = { type: "session", data: { sid: "s_1", stream: "echo", timeLimitMs: 2_000, elapsedMs: 0 } };
const UNKNOWN = {
  status: "failed",
  meta: { error: "unknown_ticket", message: "There is no such place in line.", retryable: false },
};
const READY = { state: "ready", ticket: TICKET, holdMs: 12_000 };
const ANSWER = { sdp: "answer", type: "answer" };

const descriptor: StreamConfig = {
  ...plain,
  timeLimit: 2,
  queue: { maxLength: 5, ticketTtlMs: 10_000, rejoin: true },
};

let browser: FakeBrowser;
/** What the edge says of the place in line. */
let place: unknown;

beforeEach(() => {
  browser = openFakeBrowser();
  place = { state: "waiting", ticket: TICKET, position: 2, estimatedWaitMs: 4_000, retryAfterMs: 2_000 };
  browser.reply = (url) => {
    if (url !== QUEUE) return url === "/echo/input_hook" ? { status: "ok" } : ANSWER;
    if (place instanceof Error) throw place;
    return place;
  };
});

afterEach(closeFakeBrowser);

interface Running {
  readonly call: Call;
  /** Its states, and how it ended. */
  readonly heard: unknown[];
}

/** A connected call. */
async function connected(options: CallOptions = {}): Promise<Running> {
  const call = createCall({ stream: "echo", descriptor, transport: "webrtc", ...options });
  const heard: unknown[] = [];
  call.on("end", ({ reason, error }) => heard.push(error?.code ?? reason));
  const started = call.start();
  await settle();
  last().connect();
  last().receive(SESSION);
  await started;
  await settle();
  call.on("state", ({ name, ...rest }) => heard.push(name === "queued" ? rest : name));
  return { call, heard };
}

function last(): FakeConnection {
  const connection = browser.connections.at(-1);
  if (connection === undefined) throw new Error("no connection was made");
  return connection;
}

const sent = (method: string, url = QUEUE): readonly unknown[] =>
  browser.requests.filter((request) => request.url === url && request.method === method).map(({ body }) => body);

describe("a call whose time is up, and that is in line again", () => {
  it("waits with its ticket, tells its place, and is connected again with the same microphone when it is its turn", async () => {
    const { call, heard } = await connected();
    call.mute(true);
    last().receive(BYE);
    await vi.advanceTimersByTimeAsync(150);
    expect(call.state).toEqual({ name: "queued", position: 2, estimatedWaitMs: 4_000 });
    // No connection is open meanwhile, and nothing is known of a session.
    expect(browser.connections.map(({ connectionState }) => connectionState)).toEqual(["closed"]);
    expect([call.info.sid, call.info.connectMs, call.remainingMs()]).toEqual([null, null, null]);
    expect(browser.tracks).toMatchObject([{ stopped: false, enabled: false }]);
    place = READY;
    await vi.advanceTimersByTimeAsync(2_000);
    await settle();
    expect(sent("POST", "/echo/webrtc/offer").at(-1)).toMatchObject({ ticket: TICKET, webrtc_id: call.info.clientId });
    last().connect();
    last().receive({ ...SESSION, data: { ...SESSION.data, sid: "s_2" } });
    await settle();
    const inLine = { position: 2, estimatedWaitMs: 4_000 };
    expect(heard).toEqual([inLine, "connecting", "connected"]);
    expect(call.info.sid).toBe("s_2");
    // The person was asked for the microphone once.
    expect(browser.tracks).toMatchObject([{ stopped: false, enabled: false }]);
    await call.end();
    await settle();
    expect(sent("DELETE")).toHaveLength(0);
  });

  it("has its inputs in its next turn, too", async () => {
    const { call } = await connected();
    await call.setInputs({ speed: 1, voice: "low" });
    await call.setInputs({ speed: 2 });
    place = READY;
    last().receive(BYE);
    await vi.advanceTimersByTimeAsync(150);
    await settle();
    expect(sent("POST", "/echo/input_hook")).toHaveLength(2);
    last().connect();
    last().receive(SESSION);
    await settle();
    expect(sent("POST", "/echo/input_hook").slice(2)).toMatchObject([{ speed: 2, voice: "low" }]);
    await call.end();
  });

  it("keeps the lines of one turn apart from those of the next, which the node counts from the start again", async () => {
    const { call } = await connected();
    const lines: [number, string][] = [];
    call.on("transcript", ({ id, text }) => lines.push([id, text]));
    const say = (id: number, text: string) =>
      last().receive({ type: "transcript", data: { id, role: "user", text, final: true } });
    say(1, "before");
    place = READY;
    last().receive(BYE);
    await vi.advanceTimersByTimeAsync(150);
    await settle();
    last().connect();
    say(1, "after");
    say(2, "all");
    const [before = 0, after = 0, all = 0] = lines.map(([id]) => id);
    expect(lines.map(([, text]) => text)).toEqual(["before", "after", "all"]);
    expect([after > before, all > after]).toEqual([true, true]);
    await call.end();
  });

  it("takes turn after turn, until somebody hangs up", async () => {
    const { call, heard } = await connected();
    place = READY;
    for (let turn = 0; turn < 3; turn++) {
      last().receive(BYE);
      await vi.advanceTimersByTimeAsync(150);
      await settle();
      last().connect();
      last().receive(SESSION);
      await settle();
    }
    expect(browser.connections).toHaveLength(4);
    await call.end();
    const next = { position: 1, estimatedWaitMs: null };
    const turn = [next, "connecting", "connected"];
    expect(heard).toEqual([...turn, ...turn, ...turn, "ended", "client_closed"]);
  });

  it("is got back in its next turn, too, when the network changes", async () => {
    const { call } = await connected();
    place = READY;
    last().receive(BYE);
    await vi.advanceTimersByTimeAsync(150);
    await settle();
    last().connect();
    last().receive({ ...SESSION, data: { ...SESSION.data, sid: "s_2" } });
    await settle();
    last().change("disconnected");
    await settle();
    expect(call.state.name).toBe("interrupted");
    expect(sent("POST", "/echo/webrtc/offer").at(-1)).toMatchObject({ type: "restart", sid: "s_2" });
    await call.end();
  });

  it("gives its place up when the person hangs up, and asks no more", async () => {
    const { call, heard } = await connected();
    last().receive(BYE);
    await vi.advanceTimersByTimeAsync(150);
    await call.end();
    await settle();
    expect(sent("DELETE")).toHaveLength(1);
    expect(heard.slice(1)).toEqual(["ended", "client_closed"]);
    expect(browser.tracks.every(({ stopped }) => stopped)).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sent("GET")).toHaveLength(1);
  });

  it("asks again where the edge has not yet heard of the end", async () => {
    const { call } = await connected();
    const known = place;
    place = UNKNOWN;
    last().receive(BYE);
    await vi.advanceTimersByTimeAsync(400);
    expect(call.state.name).toBe("connected");
    place = known;
    await vi.advanceTimersByTimeAsync(500);
    expect(call.state).toMatchObject({ name: "queued", position: 2 });
    await call.end();
  });

  it("ends at its time limit as ever where the edge never hears of its place", async () => {
    const { heard } = await connected();
    place = UNKNOWN;
    last().receive(BYE);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(heard).toEqual(["ended", "time_limit"]);
  });

  it("fails where the place that it had is lost: nobody may be there any more", async () => {
    const { heard } = await connected();
    last().receive(BYE);
    await vi.advanceTimersByTimeAsync(150);
    place = UNKNOWN;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(heard.slice(1)).toEqual(["failed", "unknown_ticket"]);
  });

  it("goes on over a WebSocket where that carried it: WebRTC, which did not come up, would use the ticket up", async () => {
    const { call } = await socketCall();
    place = READY;
    browser.sockets[0]?.receive(BYE);
    await vi.advanceTimersByTimeAsync(150);
    await settle();
    expect(browser.connections).toHaveLength(1);
    expect(browser.sockets[1]?.url).toContain(`ticket=${TICKET}`);
    await call.end();
  });

  it("ends at its time limit where it is not to be in line again, or its token was good for one call", async () => {
    for (const options of [{ rejoin: false }, { token: "good-once" }]) {
      const { heard } = await connected(options);
      last().receive(BYE);
      await settle();
      expect(heard).toEqual(["ended", "time_limit"]);
    }
    expect(sent("GET")).toHaveLength(0);
  });

  it("asks for another token for another turn", async () => {
    const token = vi.fn(async () => await Promise.resolve(`token ${token.mock.calls.length}`));
    const { call } = await connected({ token });
    place = READY;
    last().receive(BYE);
    await vi.advanceTimersByTimeAsync(150);
    await settle();
    expect(sent("POST", "/echo/webrtc/offer").at(-1)).toMatchObject({ token: "token 2", ticket: TICKET });
    await call.end();
  });
});

/** A call whose WebRTC did not come up. */
async function socketCall(): Promise<Running> {
  const call = createCall({ stream: "echo", descriptor });
  const started = call.start();
  await settle();
  await vi.advanceTimersByTimeAsync(5_000);
  await settle();
  browser.sockets[0]?.open();
  browser.sockets[0]?.receive({ event: "started", sid: "s_1", input_rate: 24_000, output_rate: 24_000 });
  await started;
  return { call, heard: [] };
}
