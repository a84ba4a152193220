import { describe, expect, it } from "vitest";
import { CANDIDATE, get, offer, trickle } from "./testing/client.ts";
import { descriptor, FakeNode } from "./testing/fake-node.ts";

describe("a call", () => {
  it("goes from the offer to an answer with exactly FastRTC's keys", async () => {
    const node = await FakeNode.start({ nodeId: "call-1", streams: [descriptor("call1")] });
    const answer = await offer("call1", "abc");
    const sid = node.sessions[0]?.sid;
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(JSON.stringify({ sdp: `v=0\r\ns=answer to ${sid}\r\n`, type: "answer" }));
    expect((await get("/call1/sessions/abc")).json).toMatchObject({ state: "pending" });
    await node.connected(String(sid));
    expect((await get("/call1/sessions/abc")).json).toMatchObject({ state: "live" });
    expect((await trickle("call1", "abc")).text).toBe('{"status":"success"}');
    await node.ended(String(sid));
    expect((await get("/call1/sessions/abc")).json).toMatchObject({ state: "ended", reason: "client_closed" });
    node.drop();
  });

  it("hands candidates that came before the offer to the node with it", async () => {
    const node = await FakeNode.start({ nodeId: "call-2", streams: [descriptor("call2")] });
    expect((await trickle("call2", "abc")).json).toEqual({ status: "failed", meta: { error: "unknown_connection" } });
    await offer("call2", "abc");
    expect(node.commands[0]).toMatchObject({ command: "offer", candidates: [CANDIDATE] });
    node.drop();
  });
});
