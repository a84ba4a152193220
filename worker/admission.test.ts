import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { newSessionId } from "../shared/ids.ts";
import { PROTOCOL_VERSION } from "../shared/version.ts";
import { sessionOf } from "./env.ts";
import { get, offer, SDP, trickle } from "./testing/client.ts";
import { descriptor, FakeNode, READY } from "./testing/fake-node.ts";

const status = async (stream: string) => {
  const { json } = await get("/streams");
  return Array.isArray(json) ? json.find((entry) => entry.name === stream) : undefined;
};

describe("the limit", () => {
  it("is exact when offers come all at once, over two nodes", async () => {
    const streams = [descriptor("exact", { concurrencyLimit: 7 })];
    const nodes = await Promise.all([
      FakeNode.start({ nodeId: "exact-a", streams }),
      FakeNode.start({ nodeId: "exact-b", streams }),
    ]);
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => offer("exact", `client-${index}`)));
    const taken = answers.filter((answer) => answer.text.includes('"type":"answer"'));
    const refused = answers.filter(
      (answer) => answer.text === '{"status":"failed","meta":{"error":"concurrency_limit_reached","limit":7}}',
    );
    expect([taken.length, refused.length]).toEqual([7, 23]);
    expect(nodes.flatMap((node) => node.sessions)).toHaveLength(7);
    expect(await status("exact")).toMatchObject({ active: 7 });
    for (const node of nodes) {
      for (const { sid } of [...node.sessions]) await node.ended(sid);
      node.drop();
    }
    expect(await status("exact")).toMatchObject({ active: 0 });
  });

  it("counts one call of two offers with the same id that come at once", async () => {
    const node = await FakeNode.start({ nodeId: "twice", streams: [descriptor("twice", { concurrencyLimit: 5 })] });
    const answers = await Promise.all([offer("twice", "same"), offer("twice", "same")]);
    const texts = answers.map((answer) => (answer.text.includes('"type":"answer"') ? "answer" : answer.text)).sort();
    expect(texts).toEqual(["answer", '{"status":"failed","meta":{"error":"connection_already_exists"}}'].sort());
    expect(await status("twice")).toMatchObject({ active: 1 });
    node.drop();
  });
});

describe("an offer", () => {
  it("repeated with its sid gets the same answer and one session", async () => {
    const node = await FakeNode.start({ nodeId: "again", streams: [descriptor("again")] });
    const request = { v: PROTOCOL_VERSION, sid: newSessionId(), stream: "again", clientId: "a", sdp: SDP };
    const first = sessionOf(env, "again", "a").offer(request);
    const second = sessionOf(env, "again", "a").offer(request);
    expect(await second).toEqual(await first);
    expect(await sessionOf(env, "again", "a").offer(request)).toMatchObject({ ok: true });
    expect(node.sessions).toHaveLength(1);
    node.drop();
  });

  it("that a full node refuses goes to the other, with its candidates", async () => {
    const streams = [descriptor("full", { concurrencyLimit: 9 })];
    const nodes = await Promise.all([
      FakeNode.start({ nodeId: "full-a", streams }),
      FakeNode.start({ nodeId: "full-b", streams }),
    ]);
    for (const node of nodes) node.onCommand = () => ({ ok: false, error: "node_full" });
    expect((await offer("full", "none")).json).toMatchObject({ meta: { error: "node_full", retryable: true } });
    expect(nodes.map((node) => node.commands.filter(({ command }) => command === "offer").length)).toEqual([1, 1]);
    expect(await status("full")).toMatchObject({ active: 0 });
    const [, b] = nodes;
    if (b !== undefined) b.onCommand = (command) => b.accept(command);
    await trickle("full", "moved");
    expect((await offer("full", "moved")).json).toMatchObject({ type: "answer" });
    expect(b?.commands.at(-1)).toMatchObject({ command: "offer", candidates: [{ sdpMid: "0" }] });
    for (const node of nodes) node.drop();
  });

  it("is refused when every node is full by its own account, or not ready", async () => {
    const streams = [descriptor("busy", { concurrencyLimit: 9 })];
    const node = await FakeNode.start({ nodeId: "busy", streams, load: { ...READY, sessions: 100 } });
    expect((await offer("busy", "a")).json).toMatchObject({ meta: { error: "capacity_reached" } });
    await node.report([], { ...READY, ready: false });
    expect((await offer("busy", "a")).json).toMatchObject({ meta: { error: "no_media_node" } });
    await node.report([], READY);
    expect((await offer("busy", "a")).json).toMatchObject({ type: "answer" });
    node.drop();
  });

  it("takes candidates that come while it waits for the answer at once, and passes them on behind it", async () => {
    const node = await FakeNode.start({ nodeId: "slow", streams: [descriptor("slow")] });
    const answer = Promise.withResolvers<void>();
    node.onCommand = async (command) => {
      if (command.command === "offer") await answer.promise;
      return node.accept(command);
    };
    const answered = offer("slow", "a");
    await node.command(({ command }) => command === "offer");
    expect((await trickle("slow", "a")).json).toEqual({ status: "success" });
    expect(node.commands.map(({ command }) => command)).toEqual(["offer"]);
    answer.resolve();
    expect((await answered).json).toMatchObject({ type: "answer" });
    await node.command(({ command }) => command === "candidate");
    expect(node.commands.map(({ command }) => command)).toEqual(["offer", "candidate"]);
    node.drop();
  });
});
