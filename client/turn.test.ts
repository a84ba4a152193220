/** Calls on an edge that gives TURN servers. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { StreamConfig } from "../shared/stream-config.ts";
import { createCall } from "./call.ts";
import type { Call, CallOptions } from "./options.ts";
import { descriptor as plain } from "./testing/descriptor.ts";
import { FakeBrowser } from "./testing/fake-browser.ts";

const SERVERS = [{ urls: ["turn:turn.example.com:3478"], username: "1:a", credential: "b" }];
const descriptor: StreamConfig = { ...plain, turn: true };

let browser: FakeBrowser;
let turn: unknown;
const calls: Call[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  browser = new FakeBrowser();
  turn = { iceServers: SERVERS, iceTransportPolicy: "relay", ttlSeconds: 600 };
  browser.reply = (url) => (url === "/echo/turn" ? turn : { sdp: "answer", type: "answer" });
  for (const [name, value] of Object.entries(browser.globals())) vi.stubGlobal(name, value);
});

afterEach(async () => {
  for (const call of calls.splice(0)) await call.end();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A call up to its offer. @returns the codes of its errors, as they come. */
async function dial(options: CallOptions = {}): Promise<string[]> {
  const call = createCall({ stream: "echo", descriptor, ...options });
  calls.push(call);
  const errors: string[] = [];
  call.on("error", ({ code }) => errors.push(code));
  call.start().catch(() => null);
  await vi.advanceTimersByTimeAsync(0);
  return errors;
}

const urls = () => browser.requests.map(({ url }) => url);

it("asks the edge for them before the offer, and uses them as they are, relaying only where it says so", async () => {
  expect(await dial()).toEqual([]);
  expect(urls()).toEqual(["/echo/turn", "/echo/webrtc/offer"]);
  expect(browser.connections[0]?.configuration).toMatchObject({ iceServers: SERVERS, iceTransportPolicy: "relay" });
});

it("shows its join token", async () => {
  await dial({ token: async () => await Promise.resolve("a.b.c") });
  expect(browser.requests[0]).toMatchObject({ url: "/echo/turn", headers: { authorization: "Bearer a.b.c" } });
});

it.each([
  [
    "the stream has a configuration of its own, and the edge no provider",
    { descriptor: { ...descriptor, turn: false, rtcConfiguration: { iceServers: SERVERS } } },
  ],
  ["the page has one", { rtcConfiguration: { iceServers: SERVERS } }],
])("does not ask where %s", async (_, options) => {
  await dial(options);
  expect(urls()).toEqual(["/echo/webrtc/offer"]);
  expect(browser.connections[0]?.configuration).toMatchObject({ iceServers: SERVERS });
});

it("does not ask where the edge has no provider, nor for a WebSocket", async () => {
  await dial({ descriptor: { ...descriptor, turn: false } });
  await dial({ transport: "websocket" });
  expect(urls()).toEqual(["/echo/webrtc/offer"]);
});

it("says once that the provider fails, and calls without", async () => {
  turn = { status: "failed", meta: { error: "turn_refused", message: "Twilio TURN answered 401." } };
  expect(await dial()).toEqual(["turn_refused"]);
  expect(urls()).toEqual(["/echo/turn", "/echo/webrtc/offer"]);
  expect(calls[0]?.state.name).toBe("connecting");
});

it("calls without a word where the provider was taken away", async () => {
  turn = { status: "failed", meta: { error: "turn_not_configured" } };
  expect(await dial()).toEqual([]);
  expect(urls()).toEqual(["/echo/turn", "/echo/webrtc/offer"]);
});
