import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { newSessionId } from "../shared/ids.ts";
import { LINK_PING, LINK_PONG, LinkClose, NODE_ID_HEADER } from "../shared/link.ts";
import { PROTOCOL_VERSION } from "../shared/version.ts";
import { createApp } from "./app.ts";
import { get, offer } from "./testing/client.ts";
import { descriptor, dial, FakeNode } from "./testing/fake-node.ts";

describe("dialling the edge", () => {
  it("needs the secret", async () => {
    const wrong = await dial("intruder", "wrong");
    expect([wrong.status, await wrong.json()]).toMatchObject([401, { meta: { error: "node_unauthorized" } }]);
    const none = await exports.default.fetch("http://edge/node/link", { headers: { upgrade: "websocket" } });
    expect(none.status).toBe(401);
    await none.body?.cancel();
  });

  it("is refused by an edge that has no secret", async () => {
    const response = await createApp().request("/node/link", {}, { ...env, EDGERTC_NODE_SECRET: "" });
    expect([response.status, await response.json()]).toMatchObject([503, { meta: { error: "node_secret_missing" } }]);
  });

  it("needs a WebSocket and an id", async () => {
    const authorization = "Bearer test-secret";
    const plain = await exports.default.fetch("http://edge/node/link", {
      headers: { authorization, [NODE_ID_HEADER]: "a" },
    });
    expect([plain.status, await plain.json()]).toMatchObject([426, { meta: { error: "protocol_mismatch" } }]);
    const anonymous = await dial("no spaces");
    expect(anonymous.status).toBe(426);
    await anonymous.body?.cancel();
  });
});

describe("the node link", () => {
  it("gives each new run of a node the next epoch, and a redial the same one", async () => {
    const node = await FakeNode.start({ nodeId: "epochs", streams: [descriptor("epochs")] });
    expect(node.epoch).toBe(1);
    node.drop();
    expect(await node.connect()).toBe(1);
    expect((await FakeNode.start(node.options)).epoch).toBe(2);
    expect(await node.closed).toBe(LinkClose.replaced);
  });

  it("refuses an older run, and leaves the newer one alone", async () => {
    const older = await FakeNode.start({ nodeId: "older", streams: [descriptor("older")] });
    const newer = await FakeNode.start(older.options);
    await older.open();
    older.hello();
    expect(await older.closed).toBe(LinkClose.replaced);
    expect((await offer("older", "a")).json).toMatchObject({ type: "answer" });
    expect(newer.sessions).toHaveLength(1);
    newer.drop();
  });

  it("starts anew with a node whose epoch it never minted", async () => {
    const node = new FakeNode({ nodeId: "foreign", streams: [descriptor("foreign")] });
    const sid = newSessionId();
    node.epoch = 41;
    node.sessions = [{ sid, stream: "foreign", clientId: "a", state: "live" }];
    expect(await node.connect()).toBe(42);
    expect(node.asked).toEqual([sid]);
    node.drop();
  });

  it.each<[string, string | ArrayBuffer]>([
    ["text that is no JSON", "garbage"],
    ["a binary message", new ArrayBuffer(8)],
    ["another shape", JSON.stringify({ v: 1, seq: 1, ack: 0, kind: "hello", body: {} })],
    ["a kind it does not know", JSON.stringify({ v: 1, seq: 1, ack: 0, kind: "dance", body: {} })],
    ["a message before hello", JSON.stringify({ v: 1, seq: 1, ack: 0, kind: "report", body: { events: [] } })],
    ["a message out of order", JSON.stringify({ v: 1, seq: 7, ack: 0, kind: "ack", body: {} })],
    ["a version it does not speak", JSON.stringify({ v: 9, seq: 1, ack: 0, kind: "ack", body: {} })],
  ])("closes on %s", async (_, data) => {
    const node = new FakeNode({ nodeId: "garbage", streams: [] });
    await node.open();
    node.sendRaw(data);
    expect(await node.closed).toBe(LinkClose.protocol);
  });

  it("closes on a hello of another node, and on a second one", async () => {
    const node = new FakeNode({ nodeId: "itself", streams: [] });
    await node.open();
    node.hello({ nodeId: "somebody-else" });
    expect(await node.closed).toBe(LinkClose.protocol);
    await node.connect();
    node.hello();
    expect(await node.closed).toBe(LinkClose.protocol);
  });

  it("speaks with a node of the next release", async () => {
    const node = new FakeNode({ nodeId: "next", streams: [] });
    await node.open();
    const body = {
      nodeId: "next",
      epoch: null,
      version: "9",
      streams: [],
      sessions: [],
      load: { sessions: 0, capacity: 1, cpu: 0, ready: true },
    };
    node.sendRaw(JSON.stringify({ v: PROTOCOL_VERSION + 1, seq: 1, ack: 0, kind: "hello", body, news: true }));
    expect(await node.welcomed).toBe(1);
    node.drop();
  });

  it("answers a ping", async () => {
    const response = await dial("pinger");
    const pong = Promise.withResolvers<unknown>();
    response.webSocket?.addEventListener("message", (event) => pong.resolve(event.data));
    response.webSocket?.accept();
    response.webSocket?.send(LINK_PING);
    expect(await pong.promise).toBe(LINK_PONG);
    response.webSocket?.close();
  });

  it("acknowledges a report once its effects are in place, and takes it again", async () => {
    const node = await FakeNode.start({ nodeId: "reports", streams: [descriptor("reports")] });
    await offer("reports", "a");
    const [session] = node.sessions;
    if (session === undefined) throw new Error("no session");
    const { sid, stream, clientId } = session;
    const ended = { sid, stream, clientId, event: "ended", reason: "time_limit" } as const;
    await node.report([ended]);
    expect((await get("/reports/sessions/a")).json).toMatchObject({ state: "ended", reason: "time_limit" });
    await offer("reports", "a");
    await node.report([ended]);
    expect((await get("/reports/sessions/a")).json).toMatchObject({ state: "pending" });
    node.drop();
  });

  it("ends a session that connects without a lease, and ignores streams the node does not serve", async () => {
    const node = await FakeNode.start({ nodeId: "ghost", streams: [descriptor("ghost")] });
    const sid = newSessionId();
    const ghost = { sid, stream: "ghost", clientId: "a", event: "connected" } as const;
    await node.report([{ ...ghost, stream: "not-served" }, ghost]);
    expect(await node.command(({ command }) => command === "end")).toMatchObject({ sid, reason: "ended_by_edge" });
    node.drop();
  });

  it("reconciles a redial by its snapshot", async () => {
    const node = await FakeNode.start({ nodeId: "snap", streams: [descriptor("snap", { concurrencyLimit: 5 })] });
    await offer("snap", "kept");
    await offer("snap", "gone");
    const [kept, gone] = node.sessions;
    if (kept === undefined || gone === undefined) throw new Error("no sessions");
    await node.connected(gone.sid);
    node.drop();
    const stray = newSessionId();
    node.sessions = [
      { ...kept, state: "live" },
      { ...kept, sid: stray, clientId: "stray" },
    ];
    await node.connect();
    expect(node.asked).toEqual([stray]);
    expect((await get("/snap/sessions/kept")).json).toMatchObject({ state: "live" });
    expect((await get("/snap/sessions/gone")).json).toMatchObject({ state: "ended", reason: "ended_by_edge" });
    node.drop();
  });

  it("drops a stream that a new run no longer serves", async () => {
    const streams = [descriptor("stays"), descriptor("goes")];
    const node = await FakeNode.start({ nodeId: "changes", streams });
    await offer("goes", "a");
    // An offer that is still on its way keeps its lease for a while; a session that is up has none with a new run.
    await node.connected(node.sessions[0]?.sid ?? "");
    node.drop();
    const next = await FakeNode.start({ nodeId: "changes", streams: streams.slice(0, 1) });
    expect((await get("/goes/sessions/a")).json).toMatchObject({ state: "ended", reason: "node_lost" });
    const { json } = await get("/streams");
    expect(json).not.toContainEqual(expect.objectContaining({ name: "goes" }));
    next.drop();
  });
});
