import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as v from "valibot";
import { expect, it, vi } from "vitest";
import { MediaNode, Session, Stream } from "./objects/index.ts";
import { get, hook, offer, post, SDP, trickle } from "./testing/client.ts";
import { EventReader } from "./testing/event-reader.ts";
import { descriptor, FakeNode } from "./testing/fake-node.ts";
import { rowsWritten } from "./testing/rows-written.ts";

it("a session writes its row when it is admitted, connected and ended, and shares an alarm: four rows at most", async () => {
  const node = await FakeNode.start({ nodeId: "rows", streams: [descriptor("budget", { concurrencyLimit: 9 })] });
  const stub = env.STREAM.getByName("default/budget");
  const written = await rowsWritten(stub);
  await trickle("budget", "a");
  await offer("budget", "a");
  await trickle("budget", "a");
  const sid = node.sessions[0]?.sid ?? "";
  await node.connected(sid);
  await node.ended(sid);
  expect(written()).toEqual({ rows: 3, alarms: 1 });
  node.drop();
});

it("a caller who waited costs three rows more, and at most an alarm for the slot that was held", async () => {
  const queue = { maxLength: 5, ticketTtlMs: 60_000, rejoin: false };
  const node = await FakeNode.start({ nodeId: "waits", streams: [descriptor("waits", { queue })] });
  await offer("waits", "first");
  await node.connected(node.sessions[0]?.sid ?? "");
  const written = await rowsWritten(env.STREAM.getByName("default/waits"));
  const { json } = await offer("waits", "a");
  const ticket = v.parse(v.object({ meta: v.object({ ticket: v.string() }) }), json).meta.ticket;
  for (let asked = 0; asked < 5; asked += 1) expect((await get(`/waits/queue/${ticket}`)).status).toBe(200);
  expect(written()).toEqual({ rows: 1, alarms: 0 });
  await node.ended(node.sessions[0]?.sid ?? "");
  // The first session's end, the call, and the alarm that was set for 45 s anyway comes sooner.
  expect(written()).toEqual({ rows: 3, alarms: 1 });
  await post("waits", { sdp: SDP, type: "offer", webrtc_id: "a", ticket });
  const sid = node.sessions[0]?.sid ?? "";
  await node.connected(sid);
  await node.ended(sid);
  expect(written()).toEqual({ rows: 7, alarms: 1 });
  node.drop();
});

it("random stream names make no object", async () => {
  const node = await FakeNode.start({ nodeId: "random", streams: [descriptor("real")] });
  const before = await Promise.all([listDurableObjectIds(env.STREAM), listDurableObjectIds(env.SESSION)]);
  for (let index = 0; index < 20; index += 1) {
    expect((await offer(`random-${index}`, "a")).status).toBe(404);
    expect((await trickle(`random-${index}`, "a")).status).toBe(404);
    expect((await post(`random-${index}`, "garbage")).status).toBe(404);
  }
  const after = await Promise.all([listDurableObjectIds(env.STREAM), listDurableObjectIds(env.SESSION)]);
  expect(after.map((ids) => ids.length)).toEqual(before.map((ids) => ids.length));
  node.drop();
});

it("random client ids make no object by asking for inputs or outputs", async () => {
  const node = await FakeNode.start({ nodeId: "guess", streams: [descriptor("guess")] });
  const before = (await listDurableObjectIds(env.SESSION)).length;
  for (let index = 0; index < 20; index += 1) {
    expect((await get(`/guess/outputs?webrtc_id=random-${index}`)).status).toBe(404);
    expect((await hook("guess", { webrtc_id: `random-${index}` })).status).toBe(404);
  }
  expect(await listDurableObjectIds(env.SESSION)).toHaveLength(before);
  node.drop();
});

it("an event stream writes no row and leaves no alarm", async () => {
  const node = await FakeNode.start({ nodeId: "sse", streams: [descriptor("sse")] });
  await offer("sse", "a");
  const sid = node.sessions[0]?.sid ?? "";
  await node.connected(sid);
  const written = await rowsWritten(env.STREAM.getByName("default/sse"));
  const events = await EventReader.open("http://edge/sse/outputs?webrtc_id=a");
  for (let index = 0; index < 3; index += 1) {
    expect((await hook("sse", { webrtc_id: "a" })).status).toBe(200);
    await node.output(sid, index);
    expect(await events.next()).toMatchObject({ data: String(index) });
  }
  expect(written()).toEqual({ rows: 0, alarms: 0 });
  await runInDurableObject(env.SESSION.getByName("default/sse/a"), async (_, { storage }) => {
    expect(storage.sql.exec("SELECT name FROM sqlite_master").toArray()).toEqual([]);
    expect(await storage.getAlarm()).toBeNull();
  });
  await node.ended(sid);
  expect(await events.next()).toBeNull();
  expect(written()).toEqual({ rows: 1, alarms: 0 });
  node.drop();
});

it("an event stream costs calls when it opens, for each report, and at the end: none while nothing is said", async () => {
  const node = await FakeNode.start({ nodeId: "calls", streams: [descriptor("calls")] });
  await offer("calls", "a");
  const sid = node.sessions[0]?.sid ?? "";
  await node.connected(sid);
  const spies = {
    find: vi.spyOn(Stream.prototype, "find"),
    watch: vi.spyOn(Session.prototype, "fetch"),
    outputs: vi.spyOn(Session.prototype, "outputs"),
    control: vi.spyOn(Session.prototype, "control"),
    command: vi.spyOn(MediaNode.prototype, "command"),
  };
  const calls = () => Object.fromEntries(Object.entries(spies).map(([name, { mock }]) => [name, mock.calls.length]));
  const events = await EventReader.open("http://edge/calls/outputs?webrtc_id=a");
  expect(calls()).toEqual({ find: 1, watch: 1, outputs: 0, control: 0, command: 1 });
  for (let index = 0; index < 3; index += 1) {
    await node.output(sid, index);
    await events.next();
  }
  expect(calls()).toEqual({ find: 1, watch: 1, outputs: 3, control: 0, command: 1 });
  for (let index = 0; index < 3; index += 1) await hook("calls", { webrtc_id: "a" });
  expect(calls()).toEqual({ find: 1, watch: 1, outputs: 3, control: 3, command: 4 });
  await node.ended(sid);
  expect(await events.next()).toBeNull();
  expect(calls()).toEqual({ find: 1, watch: 1, outputs: 4, control: 3, command: 4 });
  vi.restoreAllMocks();
  node.drop();
});

it("a session's object stores nothing", async () => {
  const node = await FakeNode.start({ nodeId: "light", streams: [descriptor("light")] });
  await offer("light", "a");
  await runInDurableObject(env.SESSION.getByName("default/light/a"), async (_, { storage }) => {
    expect(storage.sql.exec("SELECT name FROM sqlite_master").toArray()).toEqual([]);
    expect(await storage.getAlarm()).toBeNull();
  });
  node.drop();
});
