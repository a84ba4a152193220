/**
 * Releases side by side: what nodes, Workers and objects of protocol version 2 said, frozen as they said it. When the version
 * moves on, what this one says takes its place.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { MIN_PROTOCOL_VERSION, PROTOCOL_VERSION } from "../shared/version.ts";
import { get, offer, SDP } from "./testing/client.ts";
import { FakeNode, descriptor as streamDescriptor } from "./testing/fake-node.ts";

const OLDER = 2;

const descriptor = (name: string) => ({
  name,
  modality: "audio",
  mode: "send-receive",
  concurrencyLimit: 2,
  timeLimit: null,
  allowExtraTracks: false,
  rtcConfiguration: null,
  trackConstraints: null,
  ui: {},
  build: 1,
});
const load = { sessions: 0, capacity: 10, cpu: 0.1, ready: true };
const sid = (digit: string) => `s_${digit.repeat(32)}`;

it("there is one version before this one that is spoken", () => {
  expect([MIN_PROTOCOL_VERSION, PROTOCOL_VERSION - 1]).toEqual([OLDER, OLDER]);
});

/** A node of version 2: dials, says hello, answers offers. */
async function olderNode(nodeId: string, stream: string) {
  const node = new FakeNode({ nodeId, streams: [] });
  let seq = 0;
  const say = (kind: string, body: object): void => {
    seq += 1;
    node.sendRaw(JSON.stringify({ v: OLDER, seq, ack: 0, kind, body }));
  };
  node.onCommand = ({ id, command }) => {
    if (command === "offer") say("reply", { id, ok: true, sdp: "v=0\r\n" });
    return null;
  };
  await node.open();
  say("hello", { nodeId, epoch: null, version: "0.1.0", streams: [descriptor(stream)], sessions: [], load });
  await node.welcomed;
  return { node, say };
}

describe("a node of the release before", () => {
  it("gets offers, and its reports count", async () => {
    const { node, say } = await olderNode("old-calls", "old-calls");
    expect((await offer("old-calls", "a")).json).toMatchObject({ type: "answer" });
    const given = await node.command(({ command }) => command === "offer");
    if (given.command !== "offer") throw new Error("not an offer");
    const ref = { sid: given.sid, stream: "old-calls", clientId: "a" };
    say("report", { events: [{ ...ref, event: "connected" }], load });
    await expect.poll(async () => (await get("/old-calls/sessions/a")).json).toMatchObject({ state: "live" });
    say("report", { events: [{ ...ref, event: "ended", reason: "client_closed" }] });
    await expect.poll(async () => (await get("/old-calls/sessions/a")).json).toMatchObject({ state: "ended" });
    node.drop();
  });

  it("is not sent a command that it does not know: the caller hears so at once", async () => {
    const { node } = await olderNode("old-socket", "old-socket");
    const clientId = sid("4");
    const request = { v: PROTOCOL_VERSION, sid: clientId, stream: "old-socket", clientId } as const;
    const result = await env.SESSION.getByName(`default/old-socket/${clientId}`).openSocket({
      ...request,
      transport: "websocket",
    });
    expect(result).toMatchObject({ ok: false, body: { meta: { error: "protocol_mismatch" } } });
    expect(node.commands.filter(({ command }) => command !== "end")).toEqual([]);
    expect((await get("/streams")).json).toContainEqual(expect.objectContaining({ name: "old-socket", active: 0 }));
    node.drop();
  });

  it("is passed over for one that knows the command", async () => {
    const { node } = await olderNode("old-passed", "old-passed");
    const newer = await FakeNode.start({
      nodeId: "new-passed",
      streams: [streamDescriptor("old-passed", { concurrencyLimit: 2 })],
    });
    for (const digit of ["5", "6"]) {
      const session = { sid: sid(digit), stream: "old-passed", clientId: sid(digit) };
      const object = env.SESSION.getByName(`default/old-passed/${sid(digit)}`);
      expect(await object.openSocket({ v: PROTOCOL_VERSION, ...session, transport: "websocket" })).toEqual({
        ok: true,
      });
    }
    newer.drop();
    node.drop();
  });
});

describe("a node of the release after", () => {
  it("may say what this release does not know: an unknown reason is a failure, an unknown field is nothing", async () => {
    const { node, say } = await olderNode("new-node", "new-node");
    await offer("new-node", "a");
    const given = await node.command(({ command }) => command === "offer");
    if (given.command !== "offer") throw new Error("not an offer");
    const ended = { sid: given.sid, stream: "new-node", clientId: "a", event: "ended", reason: "abducted" };
    say("report", { events: [ended], mood: "fine" });
    await expect.poll(async () => (await get("/new-node/sessions/a")).json).toMatchObject({ reason: "failed" });
    node.drop();
  });
});

describe("a Worker, or an object, of the release before", () => {
  it("calls a stream's object", async () => {
    const stream = env.STREAM.getByName("default/old-rpc");
    const nodeId = "old-rpc";
    const sessions = [{ sid: sid("1"), stream: "old-rpc", clientId: "stray", state: "live" as const }];
    const up = { v: OLDER, nodeId, epoch: 1, revision: 1, descriptor: descriptor("old-rpc"), load, sessions };
    expect(await Reflect.apply(stream.nodeUp, stream, [up])).toEqual({ end: [sid("1")] });
    const admitted = await stream.admit({ v: OLDER, sid: sid("2"), clientId: "a" });
    expect(admitted).toMatchObject({ ok: true, nodeId, epoch: 1 });
    const event = { sid: sid("2"), stream: "old-rpc", clientId: "a", event: "connected" as const };
    expect(await stream.nodeReport({ v: OLDER, nodeId, epoch: 1, events: [event] })).toMatchObject({ end: [] });
    expect(await stream.find({ v: OLDER, clientId: "a" })).toMatchObject({ state: "live" });
    await stream.nodeChanged({ v: OLDER, nodeId, epoch: 1, revision: 2, state: "suspect" });
    await stream.nodeLoad({ v: OLDER, nodeId, epoch: 1, load });
    await stream.release({ v: OLDER, sid: sid("2"), clientId: "a", nodeId, epoch: 1, reason: "client_closed" });
    expect(await stream.status({ v: OLDER })).toMatchObject({ limit: 2, active: 0, nodesReady: 0 });
  });

  it("calls a session's object", async () => {
    const { node } = await olderNode("old-session", "old-session");
    const session = env.SESSION.getByName("default/old-session/a");
    const request = { v: OLDER, sid: sid("3"), stream: "old-session", clientId: "a", sdp: SDP };
    expect(await session.offer(request)).toEqual({ ok: true, sdp: "v=0\r\n" });
    node.drop();
  });

  it("is refused once it is too old", async () => {
    const stream = env.STREAM.getByName("default/ancient");
    await expect(
      runInDurableObject(stream, (object) => object.status({ v: MIN_PROTOCOL_VERSION - 1 })),
    ).rejects.toThrow("no longer spoken");
  });
});

describe("what the release before stored", () => {
  it("in the Directory is listed and looked up", async () => {
    const directory = env.DIRECTORY.getByName("default");
    await runInDurableObject(directory, (_, { storage: { sql } }) => {
      for (const table of ["streams", "nodes", "schema"]) sql.exec(`DROP TABLE IF EXISTS ${table}`);
      sql.exec("CREATE TABLE schema (id INTEGER PRIMARY KEY, version INTEGER NOT NULL)");
      sql.exec("INSERT INTO schema (id, version) VALUES (1, 1)");
      sql.exec(`CREATE TABLE streams (
        name TEXT NOT NULL, node_id TEXT NOT NULL, build INTEGER NOT NULL, descriptor TEXT NOT NULL,
        PRIMARY KEY (name, node_id)
      ) WITHOUT ROWID`);
      sql.exec("CREATE TABLE nodes (node_id TEXT PRIMARY KEY, version TEXT NOT NULL, lost_ms INTEGER) WITHOUT ROWID");
      sql.exec("INSERT INTO nodes VALUES ('n', '0.1.0', NULL)");
      sql.exec("INSERT INTO streams VALUES ('kept', 'n', 1, ?)", JSON.stringify(descriptor("kept")));
    });
    await evictDurableObject(directory, { webSockets: "close" });
    expect((await get("/kept/config")).json).toMatchObject({ name: "kept", concurrencyLimit: 2 });
    expect(await directory.nodes({ v: PROTOCOL_VERSION })).toMatchObject([{ nodeId: "n" }]);
    const { node } = await olderNode("old-next", "next");
    expect((await get("/streams")).json).toMatchObject([{ name: "kept" }, { name: "next" }]);
    node.drop();
  });
});
