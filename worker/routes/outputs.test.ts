import { evictDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_OUTPUT_WATCHERS } from "../../shared/limits.ts";
import { get, offer } from "../testing/client.ts";
import { EventReader } from "../testing/event-reader.ts";
import { descriptor, FakeNode } from "../testing/fake-node.ts";

let node: FakeNode;
beforeAll(async () => {
  node = await FakeNode.start({ nodeId: "out", streams: [descriptor("out", { concurrencyLimit: 50 })] });
});
afterAll(() => node.drop());

const open = (clientId: string, lastEventId?: string) =>
  EventReader.open(`http://edge/out/outputs?webrtc_id=${clientId}`, lastEventId);

async function call(clientId: string): Promise<string> {
  await offer("out", clientId);
  const sid = node.sessions.find((session) => session.clientId === clientId)?.sid ?? "";
  await node.connected(sid);
  return sid;
}

const sessionObject = (clientId: string) => env.SESSION.getByName(`default/out/${clientId}`);

describe("GET /outputs", () => {
  it("has what came before, then each output as it comes, and ends with the session", async () => {
    const sid = await call("a");
    await node.output(sid, { role: "user", content: "hi" });
    const events = await open("a");
    expect(await events.next()).toEqual({
      id: `${sid.slice(2, 10)}-1`,
      event: "output",
      data: '{"role":"user","content":"hi"}',
    });
    await node.output(sid, "two", 2);
    expect((await events.next())?.data).toBe('["two",2]');
    await node.ended(sid);
    expect(await events.next()).toBeNull();
    // An EventSource comes back, and is told not to.
    expect((await exports.default.fetch("http://edge/out/outputs?webrtc_id=a")).status).toBe(204);
  });

  it("goes on behind the last event that the client has seen", async () => {
    const sid = await call("b");
    for (const word of ["one", "two", "three"]) await node.output(sid, word);
    const events = await open("b", `${sid.slice(2, 10)}-2`);
    expect(await events.next()).toMatchObject({ data: "three" });
    await events.close();
    const stranger = await open("b", "ffffffff-2");
    expect(await stranger.next()).toMatchObject({ data: "one" });
    await stranger.close();
  });

  it("reaches every client that watches", async () => {
    const sid = await call("c");
    const readers = await Promise.all([open("c"), open("c")]);
    await node.output(sid, "both");
    for (const reader of readers) expect(await reader.next()).toMatchObject({ data: "both" });
    for (const reader of readers) await reader.close();
  });

  it("has the node report only while somebody watches", async () => {
    const sid = await call("d");
    expect(node.watched.has(sid)).toBe(false);
    const events = await open("d");
    expect(node.watched.has(sid)).toBe(true);
    await events.close();
    await node.command((command) => command.command === "unwatch_outputs" && command.sid === sid);
  });

  it("survives the object's sleep and its loss, and every output comes once", async () => {
    const sid = await call("e");
    const events = await open("e");
    await node.output(sid, 1);
    expect(await events.next()).toMatchObject({ data: "1" });
    await evictDurableObject(sessionObject("e"), { webSockets: "hibernate" });
    await node.output(sid, 2);
    expect(await events.next()).toMatchObject({ data: "2" });
    await evictDurableObject(sessionObject("e"), { webSockets: "close" });
    await node.output(sid, 3);
    await node.output(sid, 4);
    expect(await events.next()).toMatchObject({ data: "3" });
    expect(await events.next()).toMatchObject({ data: "4" });
    await node.ended(sid);
    expect(await events.next()).toBeNull();
  });

  it("begins again by itself where an output was lost on the way", async () => {
    const sid = await call("f");
    const events = await open("f");
    await node.output(sid, 1);
    node.watched.delete(sid);
    await node.output(sid, 2);
    node.watched.add(sid);
    await node.output(sid, 3);
    for (const data of ["1", "2", "3"]) expect(await events.next()).toMatchObject({ data });
    await events.close();
  });

  it("ends where a new run of the node came, which has not the session any more", async () => {
    const lost = await FakeNode.start({ nodeId: "lost", streams: [descriptor("lost")] });
    await offer("lost", "a");
    await lost.connected(lost.sessions[0]?.sid ?? "");
    const events = await EventReader.open("http://edge/lost/outputs?webrtc_id=a");
    const next = await FakeNode.start({ nodeId: "lost", streams: [descriptor("lost")] });
    expect(await events.next()).toBeNull();
    next.drop();
  });

  it("waits for an offer that is under way", async () => {
    const answer = Promise.withResolvers<void>();
    node.onCommand = async (command) => {
      if (command.command === "offer" && command.clientId === "g") await answer.promise;
      return node.accept(command);
    };
    const answered = offer("out", "g");
    await node.command((command) => command.command === "offer" && command.clientId === "g");
    const opened = open("g");
    answer.resolve();
    await answered;
    const events = await opened;
    const sid = node.sessions.find(({ clientId }) => clientId === "g")?.sid ?? "";
    await node.output(sid, "early");
    expect(await events.next()).toMatchObject({ data: "early" });
    await events.close();
  });

  it("has a page come back where the node cannot be asked for a moment, and tells others why", async () => {
    await call("busy");
    node.onCommand = (command) =>
      command.command === "watch_outputs" ? { ok: false, error: "node_unreachable" } : node.accept(command);
    const url = "http://edge/out/outputs?webrtc_id=busy";
    const page = await exports.default.fetch(url, { headers: { accept: "text/event-stream" } });
    expect([page.status, await page.text()]).toEqual([200, "retry: 1000\n: node_unreachable\n\n"]);
    const other = await get("/out/outputs?webrtc_id=busy");
    expect([other.status, other.json]).toMatchObject([503, { meta: { error: "node_unreachable" } }]);
    node.onCommand = (command) => node.accept(command);
    const events = await open("busy");
    await events.close();
  });

  it("is 404 for who is unknown, 422 without an id, and refused past a bound", async () => {
    expect((await get("/out/outputs?webrtc_id=nobody")).status).toBe(404);
    expect((await get("/nosuch/outputs?webrtc_id=a")).status).toBe(404);
    expect((await get("/out/outputs")).json).toMatchObject({
      detail: [{ type: "missing", loc: ["query", "webrtc_id"] }],
    });
    await call("h");
    const readers: EventReader[] = [];
    for (let index = 0; index < MAX_OUTPUT_WATCHERS; index += 1) readers.push(await open("h"));
    const refused = await get("/out/outputs?webrtc_id=h");
    expect([refused.status, refused.json]).toMatchObject([429, { meta: { error: "too_many_watchers" } }]);
    for (const reader of readers) await reader.close();
  });
});

describe("GET /sessions/<webrtc_id>", () => {
  it("tells state, stream and since when, and nothing else", async () => {
    const before = Date.now();
    const sid = await call("s");
    const live = await get("/out/sessions/s");
    expect(live.json).toEqual({ state: "live", stream: "out", since: expect.any(String) });
    const { since } = live.json as { since: string };
    expect(Date.parse(since)).toBeGreaterThanOrEqual(before - 1);
    await node.ended(sid);
    expect((await get("/out/sessions/s")).json).toEqual({
      state: "ended",
      reason: "client_closed",
      stream: "out",
      since: expect.any(String),
    });
  });
});
