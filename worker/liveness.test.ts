import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NODE_LOST_MS, NODE_REDIAL_GRACE_MS, NODE_SUSPECT_MS } from "../shared/link.ts";
import { PROTOCOL_VERSION } from "../shared/version.ts";
import { COMMAND_DEADLINE_MS, PENDING_LEASE_MS } from "./deadlines.ts";
import { get, offer } from "./testing/client.ts";
import { descriptor, FakeNode, READY } from "./testing/fake-node.ts";

// Objects run in this isolate: its clock is theirs.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

const nodeObject = (nodeId: string) => env.MEDIA_NODE.getByName(`default/${nodeId}`);
const streamObject = (stream: string) => env.STREAM.getByName(`default/${stream}`);

async function pass(nodeId: string, ms: number): Promise<void> {
  vi.setSystemTime(Date.now() + ms);
  await runDurableObjectAlarm(nodeObject(nodeId));
}

async function nodesReady(stream: string): Promise<unknown> {
  const { json } = await get("/streams");
  return Array.isArray(json) ? json.find((entry) => entry.name === stream)?.nodesReady : undefined;
}

/** Waits until the edge has noticed a closed socket. */
const untilSuspect = (stream: string) => vi.waitFor(async () => expect(await nodesReady(stream)).toBe(0));

describe("a node whose socket closes", () => {
  it("gets nothing placed at once, and is lost if it does not redial in time", async () => {
    const node = await FakeNode.start({ nodeId: "gone", streams: [descriptor("gone")] });
    await offer("gone", "a");
    await node.connected(node.sessions[0]?.sid ?? "");
    node.drop();
    await untilSuspect("gone");
    expect((await get("/gone/sessions/a")).json).toMatchObject({ state: "live" });
    await pass("gone", NODE_REDIAL_GRACE_MS - 1);
    expect((await get("/gone/sessions/a")).json).toMatchObject({ state: "live" });
    await pass("gone", 1);
    expect((await get("/gone/sessions/a")).json).toMatchObject({ state: "ended", reason: "node_lost" });
    expect((await offer("gone", "b")).json).toMatchObject({ meta: { error: "no_media_node" } });
    expect(await runDurableObjectAlarm(nodeObject("gone"))).toBe(false);
  });

  it("keeps its sessions if it redials in time", async () => {
    const node = await FakeNode.start({ nodeId: "back", streams: [descriptor("back")] });
    await offer("back", "a");
    node.drop();
    await untilSuspect("back");
    await pass("back", NODE_REDIAL_GRACE_MS - 1);
    await node.connect();
    await pass("back", NODE_SUSPECT_MS - 1);
    expect((await get("/back/sessions/a")).json).toMatchObject({ state: "pending" });
    expect(await nodesReady("back")).toBe(1);
    node.drop();
  });

  it("is told to end its sessions if it redials too late", async () => {
    const node = await FakeNode.start({ nodeId: "late", streams: [descriptor("late")] });
    await offer("late", "a");
    await node.connected(node.sessions[0]?.sid ?? "");
    const sids = node.sessions.map(({ sid }) => sid);
    node.drop();
    await untilSuspect("late");
    await pass("late", NODE_REDIAL_GRACE_MS);
    expect(await node.connect()).toBe(1);
    expect(node.asked).toEqual(sids);
    expect(await nodesReady("late")).toBe(1);
    node.drop();
  });

  it("that closes while its object is away has the long time to redial", async () => {
    const node = await FakeNode.start({ nodeId: "away", streams: [descriptor("away")] });
    await offer("away", "a");
    await evictDurableObject(nodeObject("away"), { webSockets: "close" });
    await pass("away", NODE_SUSPECT_MS);
    expect(await nodesReady("away")).toBe(0);
    await pass("away", NODE_REDIAL_GRACE_MS + 1);
    expect((await get("/away/sessions/a")).json).toMatchObject({ state: "pending" });
    await pass("away", NODE_LOST_MS);
    expect((await get("/away/sessions/a")).json).toMatchObject({ state: "ended", reason: "node_lost" });
    node.drop();
  });
});

describe("a node that says goodbye", () => {
  it("is gone at once, without a suspicion, and comes back as a new run", async () => {
    const warnings = vi.spyOn(console, "warn");
    const node = await FakeNode.start({ nodeId: "leaver", streams: [descriptor("leaver")] });
    node.goodbye();
    await vi.waitFor(async () => expect(await nodesReady("leaver")).toBe(0));
    const state = await runInDurableObject(nodeObject("leaver"), (_, { storage }) =>
      storage.sql.exec("SELECT state FROM node").one(),
    );
    expect(state).toEqual({ state: "lost" });
    expect(warnings.mock.calls.flat().filter((line) => String(line).includes("leaver"))).toEqual([]);
    const next = await FakeNode.start({ nodeId: "leaver", streams: [descriptor("leaver")] });
    expect(next.epoch).toBe(2);
    expect(await nodesReady("leaver")).toBe(1);
    next.goodbye();
  });

  it("in the middle of an offer: the offer goes elsewhere, or is refused as worth trying again", async () => {
    const streams = [descriptor("leaving")];
    const node = await FakeNode.start({ nodeId: "leaving", streams });
    node.onCommand = () => null;
    const answered = offer("leaving", "a");
    await node.command(({ command }) => command === "offer");
    node.goodbye();
    expect((await answered).json).toMatchObject({ meta: { error: "node_unreachable", retryable: true } });
    await vi.waitFor(async () => {
      expect((await get("/streams")).json).toContainEqual(expect.objectContaining({ name: "leaving", active: 0 }));
    });
  });
});

describe("a node that drains", () => {
  it("gets no sessions, keeps those it has, and is told so by the edge", async () => {
    const node = await FakeNode.start({ nodeId: "drainer", streams: [descriptor("drained", { concurrencyLimit: 9 })] });
    await offer("drained", "a");
    const edge = env.MEDIA_NODE.getByName("default/drainer");
    expect(await edge.drain({ v: PROTOCOL_VERSION, timeoutMs: 60_000 })).toEqual({ ok: true });
    expect(await node.command(({ command }) => command === "drain")).toMatchObject({ timeoutMs: 60_000 });
    await node.report([], { ...READY, ready: false, draining: true });
    expect((await offer("drained", "b")).json).toMatchObject({ meta: { error: "no_media_node" } });
    expect((await get("/drained/sessions/a")).json).toMatchObject({ state: "pending" });
    await node.ended(node.sessions[0]?.sid ?? "");
    node.goodbye();
  });

  it("cannot be told if there is no such node", async () => {
    const edge = env.MEDIA_NODE.getByName("default/nobody");
    expect(await edge.drain({ v: PROTOCOL_VERSION, timeoutMs: null })).toMatchObject({ error: "node_unreachable" });
  });
});

describe("a node that says nothing", () => {
  it("is suspect, then lost and its socket closed", async () => {
    const node = await FakeNode.start({ nodeId: "mute", streams: [descriptor("mute")] });
    await offer("mute", "a");
    await pass("mute", NODE_SUSPECT_MS);
    expect(await nodesReady("mute")).toBe(0);
    await pass("mute", NODE_LOST_MS - NODE_SUSPECT_MS);
    expect((await get("/mute/sessions/a")).json).toMatchObject({ state: "ended", reason: "node_lost" });
    expect(await node.closed).toBe(1013);
  });

  it("is up again with its next word", async () => {
    const node = await FakeNode.start({ nodeId: "pause", streams: [descriptor("pause")] });
    await pass("pause", NODE_SUSPECT_MS);
    expect(await nodesReady("pause")).toBe(0);
    await node.report([]);
    await pass("pause", 1_500);
    expect(await nodesReady("pause")).toBe(1);
    node.drop();
  });

  it("but pings is alive, without waking the object", async () => {
    vi.useRealTimers();
    const node = await FakeNode.start({ nodeId: "pings", streams: [descriptor("pings")] });
    await node.ping();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    await pass("pings", NODE_SUSPECT_MS - 200);
    expect(await nodesReady("pings")).toBe(1);
    node.drop();
  });
});

describe("a session that never connects", () => {
  it("loses its lease by the stream's alarm, if its node says nothing of it", async () => {
    const node = await FakeNode.start({ nodeId: "limbo", streams: [descriptor("limbo")] });
    await offer("limbo", "a");
    vi.setSystemTime(Date.now() + PENDING_LEASE_MS - 1);
    await runDurableObjectAlarm(streamObject("limbo"));
    expect((await get("/limbo/sessions/a")).json).toMatchObject({ state: "pending" });
    vi.setSystemTime(Date.now() + 1);
    expect(await runDurableObjectAlarm(streamObject("limbo"))).toBe(true);
    expect((await get("/limbo/sessions/a")).json).toMatchObject({ state: "ended", reason: "never_connected" });
    expect(await runDurableObjectAlarm(streamObject("limbo"))).toBe(false);
    node.drop();
  });
});

describe("a node that takes an offer and is silent", () => {
  it("costs the caller the deadline, and keeps the slot until it says that the session is gone", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: Date.now() });
    const node = await FakeNode.start({ nodeId: "stuck", streams: [descriptor("stuck")] });
    const end = Promise.withResolvers<void>();
    node.onCommand = async (command) => {
      if (command.command !== "end") return null;
      await end.promise;
      return { ok: true };
    };
    const answered = offer("stuck", "a");
    await node.command(({ command }) => command === "offer");
    // The timer is the object's: it has to fire in there.
    await runInDurableObject(nodeObject("stuck"), () => void vi.advanceTimersByTime(COMMAND_DEADLINE_MS));
    expect((await answered).json).toMatchObject({ meta: { error: "edge_timeout" } });
    await node.command(({ command }) => command === "end");
    expect((await offer("stuck", "b")).json).toMatchObject({ meta: { error: "concurrency_limit_reached" } });
    end.resolve();
    vi.useRealTimers();
    await vi.waitFor(async () => {
      expect((await get("/stuck/sessions/a")).json).toMatchObject({ state: "ended", reason: "offer_failed" });
    });
    node.drop();
  });
});
