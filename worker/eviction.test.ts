import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { get, offer, trickle } from "./testing/client.ts";
import { descriptor, FakeNode } from "./testing/fake-node.ts";

const sessionObject = (stream: string, clientId: string) => env.SESSION.getByName(`default/${stream}/${clientId}`);
const streamObject = (stream: string) => env.STREAM.getByName(`default/${stream}`);
const nodeObject = (nodeId: string) => env.MEDIA_NODE.getByName(`default/${nodeId}`);

describe("an object that loses its memory", () => {
  it("a session's: candidates still reach the node", async () => {
    const node = await FakeNode.start({ nodeId: "evict-s", streams: [descriptor("evict-s")] });
    await offer("evict-s", "a");
    await evictDurableObject(sessionObject("evict-s", "a"), { webSockets: "close" });
    expect((await trickle("evict-s", "a")).text).toBe('{"status":"success"}');
    node.drop();
  });

  it("a stream's: leases and their limit stay", async () => {
    const node = await FakeNode.start({ nodeId: "evict-l", streams: [descriptor("evict-l")] });
    await offer("evict-l", "a");
    await evictDurableObject(streamObject("evict-l"), { webSockets: "close" });
    expect((await get("/evict-l/sessions/a")).json).toMatchObject({ state: "pending" });
    expect((await offer("evict-l", "b")).json).toMatchObject({ meta: { error: "concurrency_limit_reached" } });
    node.drop();
  });

  it("a node's, hibernating: its socket and counters stay, and commands go on", async () => {
    const node = await FakeNode.start({ nodeId: "evict-h", streams: [descriptor("evict-h", { concurrencyLimit: 2 })] });
    await offer("evict-h", "a");
    await evictDurableObject(nodeObject("evict-h"), { webSockets: "hibernate" });
    expect((await offer("evict-h", "b")).json).toMatchObject({ type: "answer" });
    await node.connected(node.sessions[0]?.sid ?? "");
    expect((await get("/evict-h/sessions/a")).json).toMatchObject({ state: "live" });
    node.drop();
  });

  it("a node's, with its socket: the call goes on once the node has redialled", async () => {
    const node = await FakeNode.start({ nodeId: "evict-n", streams: [descriptor("evict-n")] });
    await offer("evict-n", "a");
    await node.connected(node.sessions[0]?.sid ?? "");
    await evictDurableObject(nodeObject("evict-n"), { webSockets: "close" });
    await node.closed;
    expect(await node.connect()).toBe(1);
    expect(node.asked).toEqual([]);
    expect((await get("/evict-n/sessions/a")).json).toMatchObject({ state: "live" });
    expect((await trickle("evict-n", "a")).text).toBe('{"status":"success"}');
    await node.ended(node.sessions[0]?.sid ?? "");
    expect((await get("/evict-n/sessions/a")).json).toMatchObject({ state: "ended", reason: "client_closed" });
    node.drop();
  });

  it("a node's, between dials: an offer waits for the redial", async () => {
    const node = await FakeNode.start({ nodeId: "gap", streams: [descriptor("gap")] });
    await evictDurableObject(nodeObject("gap"), { webSockets: "close" });
    await node.closed;
    const answered = offer("gap", "a");
    await node.connect();
    expect((await answered).json).toMatchObject({ type: "answer" });
    node.drop();
  });

  it("a session's, in the middle of an offer: the offer is made again with the same sid", async () => {
    const node = await FakeNode.start({ nodeId: "mid", streams: [descriptor("mid")] });
    const answer = Promise.withResolvers<void>();
    node.onCommand = async (command) => {
      if (command.command === "offer") await answer.promise;
      return node.accept(command);
    };
    const answered = offer("mid", "a");
    await node.command(({ command }) => command === "offer");
    await abort(sessionObject("mid", "a"));
    answer.resolve();
    expect((await answered).json).toMatchObject({ type: "answer" });
    expect(node.sessions).toHaveLength(1);
    expect((await get("/mid/sessions/a")).json).toMatchObject({ state: "pending" });
    node.drop();
  });

  it("a stream's or a node's, in the middle of an offer: the offer still ends well", async () => {
    const node = await FakeNode.start({ nodeId: "mid2", streams: [descriptor("mid2", { concurrencyLimit: 2 })] });
    const answer = Promise.withResolvers<void>();
    node.onCommand = async (command) => {
      if (command.command === "offer") await answer.promise;
      return node.accept(command);
    };
    const answered = offer("mid2", "a");
    await node.command(({ command }) => command === "offer");
    await abort(streamObject("mid2"));
    await abort(nodeObject("mid2"));
    await node.closed;
    await node.connect();
    answer.resolve();
    expect((await answered).json).toMatchObject({ type: "answer" });
    expect(node.sessions).toHaveLength(1);
    node.drop();
  });
});

/** Resets an object as a deploy does: in the middle of whatever it is doing. */
async function abort(stub: DurableObjectStub): Promise<void> {
  await runInDurableObject(stub, (_, state) => state.abort("a deploy")).catch(() => undefined);
}
