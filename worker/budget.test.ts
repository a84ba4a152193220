import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { get, hook, offer, post, trickle } from "./testing/client.ts";
import { EventReader } from "./testing/event-reader.ts";
import { descriptor, FakeNode } from "./testing/fake-node.ts";

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

it("a session's object stores nothing", async () => {
  const node = await FakeNode.start({ nodeId: "light", streams: [descriptor("light")] });
  await offer("light", "a");
  await runInDurableObject(env.SESSION.getByName("default/light/a"), async (_, { storage }) => {
    expect(storage.sql.exec("SELECT name FROM sqlite_master").toArray()).toEqual([]);
    expect(await storage.getAlarm()).toBeNull();
  });
  node.drop();
});

/** Counts what an object writes from now on. */
function rowsWritten(stub: DurableObjectStub): Promise<() => { rows: number; alarms: number }> {
  return runInDurableObject(stub, (_, { storage }) => {
    const { sql } = storage;
    const cursors: { rowsWritten: number }[] = [];
    const setAlarm = vi.spyOn(storage, "setAlarm");
    const exec = sql.exec.bind(sql);
    vi.spyOn(sql, "exec").mockImplementation((query, ...bindings) => {
      const cursor = exec(query, ...bindings);
      cursors.push(cursor);
      return cursor;
    });
    return () => ({
      rows: cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0),
      alarms: setAlarm.mock.calls.length,
    });
  });
}
