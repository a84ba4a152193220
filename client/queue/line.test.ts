/** Calls that find every line taken, and wait for one. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StreamConfig } from "../../shared/stream-config.ts";
import { createCall } from "../call.ts";
import type { Call, CallOptions } from "../options.ts";
import { descriptor as plain } from "../testing/descriptor.ts";
import type { FakeBrowser } from "../testing/fake-browser.ts";
import { closeFakeBrowser, openFakeBrowser, settle } from "../testing/in-fake-browser.ts";

const TICKET = `q_${"1".repeat(32)}`;
const QUEUE = `/echo/queue/${TICKET}`;
const REFUSAL = {
  status: "failed",
  meta: {
    error: "concurrency_limit_reached",
    limit: 1,
    ticket: TICKET,
    position: 2,
    estimatedWaitMs: null,
    retryAfterMs: 1_000,
  },
};
const UNKNOWN = {
  status: "failed",
  meta: { error: "unknown_ticket", message: "There is no such place in line.", retryable: false },
};
const ANSWER = { sdp: "answer", type: "answer" };

const descriptor: StreamConfig = { ...plain, queue: { maxLength: 5, ticketTtlMs: 10_000, rejoin: false } };

let browser: FakeBrowser;
/** What the edge says of the offer, and of the place in line. */
let edge: { offer: unknown; place: unknown };

beforeEach(() => {
  browser = openFakeBrowser();
  edge = {
    offer: REFUSAL,
    place: { state: "waiting", ticket: TICKET, position: 1, estimatedWaitMs: 4_000, retryAfterMs: 2_000 },
  };
  browser.reply = (url) => {
    if (url !== QUEUE) return edge.offer;
    if (edge.place instanceof Error) throw edge.place;
    return edge.place;
  };
});

afterEach(closeFakeBrowser);

interface Running {
  readonly call: Call;
  readonly states: unknown[];
  readonly outcome: { value?: unknown };
}

async function dial(options: CallOptions = {}): Promise<Running> {
  const call = createCall({ stream: "echo", descriptor, ...options });
  const states: unknown[] = [];
  call.on("state", ({ name, ...rest }) => states.push(name === "queued" ? rest : name));
  const outcome: { value?: unknown } = {};
  call.start().then(
    () => Object.assign(outcome, { value: "connected" }),
    (error: unknown) => Object.assign(outcome, { value: error }),
  );
  await settle();
  return { call, states, outcome };
}

const asked = (method: string): number =>
  browser.requests.filter((request) => request.url === QUEUE && request.method === method).length;

describe("a call that finds every line taken", () => {
  it("tells its place, asks when the edge says so, and offers with its ticket when it is its turn", async () => {
    const { call, states, outcome } = await dial();
    expect(call.state).toEqual({ name: "queued", position: 2, estimatedWaitMs: null });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(call.state).toEqual({ name: "queued", position: 1, estimatedWaitMs: 4_000 });
    await vi.advanceTimersByTimeAsync(1_900);
    expect(asked("GET")).toBe(1);
    // No connection is open meanwhile.
    expect(browser.connections.map(({ connectionState }) => connectionState)).toEqual(["closed"]);
    edge = { offer: ANSWER, place: { state: "ready", ticket: TICKET, holdMs: 12_000 } };
    await vi.advanceTimersByTimeAsync(100);
    await settle();
    expect(browser.requests.at(-1)?.body).toMatchObject({ ticket: TICKET, webrtc_id: call.info.clientId });
    browser.connections.at(-1)?.connect();
    await settle();
    const first = { position: 2, estimatedWaitMs: null };
    const second = { position: 1, estimatedWaitMs: 4_000 };
    expect(states).toEqual(["starting", "asking_microphone", "connecting", first, second, "connecting", "connected"]);
    expect(outcome.value).toBe("connected");
    await call.end();
    await settle();
    // The ticket was used: there is no place to give up.
    expect(asked("DELETE")).toBe(0);
  });

  it("may wait for as long as it takes, and hears of its place only when that has changed", async () => {
    const { call, states } = await dial();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(call.state).toMatchObject({ name: "queued", position: 1 });
    expect(states).toHaveLength(5);
    await call.end();
  });

  it("gives its place up when somebody hangs up, and asks no more", async () => {
    const { call, outcome } = await dial();
    await call.end();
    await settle();
    expect(asked("DELETE")).toBe(1);
    expect(outcome.value).toMatchObject({ code: "call_ended" });
    expect(browser.tracks.every(({ stopped }) => stopped)).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked("GET")).toBe(0);
  });

  it("gives the place up that comes after somebody has hung up", async () => {
    const answer = Promise.withResolvers<unknown>();
    edge.offer = answer.promise;
    const { call } = await dial();
    await call.end();
    answer.resolve(REFUSAL);
    await settle();
    expect(asked("DELETE")).toBe(1);
  });

  it("waits on where a node refuses the one that was called", async () => {
    const { call } = await dial();
    edge.place = { state: "ready", ticket: TICKET, holdMs: 12_000 };
    await vi.advanceTimersByTimeAsync(1_000);
    await settle();
    expect(browser.requests.at(-1)?.body).toMatchObject({ ticket: TICKET });
    expect(call.state).toMatchObject({ name: "queued", position: 2 });
    await call.end();
  });

  it("keeps waiting through a network that is gone for less than the edge keeps the place", async () => {
    const { call, outcome } = await dial();
    edge.place = new Error("offline");
    await vi.advanceTimersByTimeAsync(9_000);
    expect(call.state.name).toBe("queued");
    await vi.advanceTimersByTimeAsync(5_000);
    await settle();
    expect(outcome.value).toMatchObject({ code: "edge_unreachable" });
  });

  it("fails where its place is lost: nobody may be there any more", async () => {
    const { outcome } = await dial();
    edge.place = UNKNOWN;
    await vi.advanceTimersByTimeAsync(1_000);
    await settle();
    expect(outcome.value).toMatchObject({ code: "unknown_ticket", retryable: false });
  });

  it("fails as ever where there is no queue, or the queue is full", async () => {
    edge.offer = { status: "failed", meta: { error: "concurrency_limit_reached", limit: 1 } };
    const { outcome, states } = await dial();
    expect(outcome.value).toMatchObject({ code: "concurrency_limit_reached", limit: 1 });
    expect(states).toEqual(["starting", "asking_microphone", "connecting", "failed"]);
  });

  it("waits over a WebSocket, too", async () => {
    const { call } = await dial({ transport: "websocket" });
    browser.sockets[0]?.open();
    browser.sockets[0]?.receive(REFUSAL);
    await settle();
    expect(call.state).toEqual({ name: "queued", position: 2, estimatedWaitMs: null });
    edge.place = { state: "ready", ticket: TICKET, holdMs: 12_000 };
    await vi.advanceTimersByTimeAsync(1_000);
    await settle();
    expect(browser.sockets[1]?.url).toContain(`ticket=${TICKET}`);
    await call.end();
  });
});
