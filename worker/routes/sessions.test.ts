import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { get, offer } from "../testing/client.ts";
import { assertDocumented } from "../testing/documented.ts";
import { descriptor, FakeNode } from "../testing/fake-node.ts";

async function giveUp(path: string): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await exports.default.fetch(`http://edge${path}`, { method: "DELETE" });
  const body: unknown = await response.json();
  assertDocumented("DELETE", path, response.status, body);
  return { status: response.status, body };
}

describe("giving a session up", () => {
  it("ends one that has not come up, and its slot is free when the reply is there", async () => {
    const node = await FakeNode.start({ nodeId: "give-up-1", streams: [descriptor("give1")] });
    await offer("give1", "abc");
    expect((await offer("give1", "other")).json).toMatchObject({ meta: { error: "concurrency_limit_reached" } });
    const sid = String(node.sessions[0]?.sid);
    const given = giveUp("/give1/sessions/abc");
    expect(await node.command(({ command }) => command === "end")).toMatchObject({ sid, reason: "ended_by_edge" });
    await node.report([{ sid, stream: "give1", clientId: "abc", event: "ended", reason: "ended_by_edge" }]);
    expect(await given).toEqual({ status: 200, body: { status: "success" } });
    expect((await get("/give1/sessions/abc")).json).toMatchObject({ state: "ended" });
    expect((await offer("give1", "abc")).json).toMatchObject({ type: "answer" });
    node.drop();
  });

  it("leaves a call alone that is connected: ids can be guessed", async () => {
    const node = await FakeNode.start({ nodeId: "give-up-2", streams: [descriptor("give2")] });
    await offer("give2", "abc");
    await node.connected(String(node.sessions[0]?.sid));
    expect(await giveUp("/give2/sessions/abc")).toMatchObject({
      status: 409,
      body: { status: "failed", meta: { error: "session_connected" } },
    });
    expect((await get("/give2/sessions/abc")).json).toMatchObject({ state: "live" });
    node.drop();
  });

  it("is nothing new where the session has ended, and 404 where there was none", async () => {
    const node = await FakeNode.start({ nodeId: "give-up-3", streams: [descriptor("give3")] });
    await offer("give3", "abc");
    await node.ended(String(node.sessions[0]?.sid));
    expect((await giveUp("/give3/sessions/abc")).status).toBe(200);
    expect((await giveUp("/give3/sessions/nobody")).status).toBe(404);
    node.drop();
  });
});
