import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { SessionName } from "../rpc.ts";
import { get } from "../testing/client.ts";
import { descriptor, FakeNode, type FakeNodeOptions } from "../testing/fake-node.ts";
import { EdgeSocket, upgrade } from "../testing/socket.ts";

let node: FakeNode | undefined;

afterEach(() => node?.drop());

async function startNode(stream: string, overrides: Partial<FakeNodeOptions["streams"][number]> = {}) {
  node = await FakeNode.start({ nodeId: `node-of-${stream}`, streams: [descriptor(stream, overrides)] });
  return node;
}

/** A node that dials for every session, and what it dialled. */
async function dialling(stream: string, overrides: Parameters<typeof startNode>[1] = {}) {
  const dialler = await startNode(stream, overrides);
  const ends: { readonly session: SessionName; readonly socket: EdgeSocket }[] = [];
  dialler.onCommand = (command) => {
    if (command.command !== "offer_socket") return dialler.accept(command);
    const { sid, clientId } = command;
    const session = { sid, stream, clientId };
    EdgeSocket.node(dialler.options.nodeId, session).then(
      (socket) => ends.push({ session, socket }),
      (error: unknown) => console.error(error),
    );
    return dialler.accept(command);
  };
  const last = () => {
    const end = ends.at(-1);
    if (end === undefined) throw new Error("the node has not dialled");
    return end;
  };
  return { dialler, last };
}

const refusalOf = async (path: string, headers: Record<string, string> = {}): Promise<unknown> => {
  const client = await EdgeSocket.open(path, headers);
  client.send('{"event":"start","websocket_id":"a"}');
  const text = await client.message(0);
  expect((await client.closed).code).toBe(1000);
  return JSON.parse(String(text));
};

describe("a call over a WebSocket", () => {
  it("is no plain request, and none of a stream that nobody registered", async () => {
    await startNode("ws-plain");
    expect((await get("/ws-plain/websocket/offer")).status).toBe(426);
    expect((await upgrade("/ws-nosuch/websocket/offer")).status).toBe(404);
    expect((await upgrade("/ws-plain/websocket/offer?websocket_id=")).status).toBe(400);
  });

  it("is refused in FastRTC's shape once the client has spoken: no node, video, a full stream", async () => {
    await startNode("ws-video", { modality: "video" });
    expect(await refusalOf("/ws-video/websocket/offer")).toMatchObject({ meta: { error: "websocket_not_supported" } });
    await startNode("ws-full");
    const holder = await env.STREAM.getByName("default/ws-full").admit({
      v: 3,
      sid: `s_${"1".repeat(32)}`,
      clientId: "x",
    });
    expect(holder.ok).toBe(true);
    expect(await refusalOf("/ws-full/websocket/offer")).toEqual({
      status: "failed",
      meta: { error: "concurrency_limit_reached", limit: 1 },
    });
    const left = await startNode("ws-left");
    left.goodbye();
    await expect.poll(() => refusalOf("/ws-left/websocket/offer")).toMatchObject({ meta: { error: "no_media_node" } });
  });

  it("gives its slot back when its node cannot be reached", async () => {
    const { dialler } = await dialling("ws-away");
    dialler.onCommand = (command) =>
      command.command === "offer_socket"
        ? { ...dialler.accept(command), socketUrl: "ws://127.0.0.1:9/media/ticket" }
        : dialler.accept(command);
    expect(await refusalOf("/ws-away/websocket/offer")).toMatchObject({ meta: { error: "node_unreachable" } });
    const end = await dialler.command(({ command }) => command === "end");
    expect(end).toMatchObject({ reason: "ended_by_edge" });
  });
});

describe("a bridged call", () => {
  it("passes every message on unread, text and binary, in order, both ways", async () => {
    const { last } = await dialling("ws-bridge");
    const client = await EdgeSocket.open("/ws-bridge/websocket/offer");
    const { socket } = last();
    const parse = vi.spyOn(JSON, "parse");
    const decode = vi.spyOn(TextDecoder.prototype, "decode");
    const media = '{"event":"media","media":{"payload":"////"}}';
    for (let n = 0; n < 50; n += 1) {
      client.send(`${n}${media}`);
      socket.send(`${n}${media}`);
    }
    client.send(new Uint8Array([1, 2, 3]).buffer);
    expect(await socket.message(49)).toBe(`49${media}`);
    expect(await client.message(49)).toBe(`49${media}`);
    expect(new Uint8Array((await socket.message(50)) as ArrayBuffer)).toEqual(new Uint8Array([1, 2, 3]));
    // Whatever else is parsed meanwhile, such as by the tests' own runner: no media.
    const parsed = parse.mock.calls.filter(([text]) => String(text).includes("payload"));
    expect([parsed.length, decode.mock.calls.length]).toEqual([0, 0]);
    vi.restoreAllMocks();
    expect(socket.received.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, n) => `${n}${media}`));
    client.close();
    await socket.closed;
  });

  it("ends for both when one of them goes, with the node's code and reason for the client", async () => {
    const { last } = await dialling("ws-ends", { concurrencyLimit: 5 });
    const first = await EdgeSocket.open("/ws-ends/websocket/offer");
    first.close(1001, "leaving");
    expect((await last().socket.closed).code).toBe(1001);
    const second = await EdgeSocket.open("/ws-ends/websocket/offer");
    last().socket.close(1000, "time_limit");
    expect(await second.closed).toEqual({ code: 1000, reason: "time_limit" });
  });

  it("is refused to a node for a session that is not there, and to strangers", async () => {
    const { last } = await dialling("ws-stray");
    const client = await EdgeSocket.open("/ws-stray/websocket/offer");
    const { session } = last();
    const query = new URLSearchParams({ ...session, sid: `s_${"7".repeat(32)}` });
    const headers = { authorization: "Bearer test-secret", "x-edgertc-node": "node-of-ws-stray" };
    expect((await upgrade(`/node/media?${query}`, headers)).status).toBe(404);
    expect((await upgrade(`/node/media?${query}`)).status).toBe(401);
    expect((await upgrade("/node/media?sid=1", headers)).status).toBe(426);
    client.close();
  });
});

describe("a client id", () => {
  it("that the first message brought is the session's from then on; its sid is no one's any more", async () => {
    const { dialler } = await dialling("ws-claim");
    const client = await EdgeSocket.open("/ws-claim/websocket/offer");
    const [held] = dialler.sessions;
    const sid = held?.sid ?? "";
    expect(held?.clientId).toBe(sid);
    expect((await get(`/ws-claim/sessions/${sid}`)).json).toMatchObject({ state: "pending" });
    dialler.sessions = [{ sid, stream: "ws-claim", clientId: "anna", state: "pending" }];
    // Said again after a redial, it means the same.
    await dialler.connected(sid);
    await dialler.connected(sid);
    expect((await get("/ws-claim/sessions/anna")).json).toMatchObject({ state: "live" });
    expect((await get(`/ws-claim/sessions/${sid}`)).status).toBe(404);
    dialler.drop();
    await dialler.connect();
    expect((await get("/ws-claim/sessions/anna")).json).toMatchObject({ state: "live" });
    await dialler.ended(sid);
    expect((await get("/ws-claim/sessions/anna")).json).toMatchObject({ state: "ended", reason: "client_closed" });
    expect(await env.STREAM.getByName("default/ws-claim").status({ v: 3 })).toMatchObject({ active: 0 });
    client.close();
  });

  it("that is taken ends the session that came later, before the report is acknowledged, and no other", async () => {
    const { dialler } = await dialling("ws-taken", { concurrencyLimit: 2 });
    const first = await EdgeSocket.open("/ws-taken/websocket/offer?websocket_id=ben");
    await dialler.connected(dialler.sessions[0]?.sid ?? "");
    const second = await EdgeSocket.open("/ws-taken/websocket/offer");
    const later = dialler.sessions[1]?.sid ?? "";
    dialler.sessions = dialler.sessions.map((session) =>
      session.sid === later ? { ...session, clientId: "ben" } : session,
    );
    await dialler.connected(later);
    expect(dialler.commands.at(-1)).toMatchObject({ command: "end", sid: later, reason: "client_id_taken" });
    expect(await env.STREAM.getByName("default/ws-taken").status({ v: 3 })).toMatchObject({ active: 2 });
    dialler.sessions.push({ sid: later, stream: "ws-taken", clientId: "ben", state: "pending" });
    await dialler.report([
      { sid: later, stream: "ws-taken", clientId: "ben", event: "ended", reason: "client_id_taken" },
    ]);
    expect(await env.STREAM.getByName("default/ws-taken").status({ v: 3 })).toMatchObject({ active: 1 });
    expect((await get("/ws-taken/sessions/ben")).json).toMatchObject({ state: "live" });
    first.close();
    second.close();
  });

  it("in the query is refused at once where it is taken", async () => {
    const { dialler } = await dialling("ws-named", { concurrencyLimit: 5 });
    const first = await EdgeSocket.open("/ws-named/websocket/offer?websocket_id=carl");
    expect(dialler.sessions[0]?.clientId).toBe("carl");
    expect(await refusalOf("/ws-named/websocket/offer?websocket_id=carl")).toEqual({
      status: "failed",
      meta: { error: "connection_already_exists" },
    });
    first.close();
  });
});
