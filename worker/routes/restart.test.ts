/** `POST /webrtc/offer` with `restart`: a client whose network has changed goes on with its session. */
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSessionId } from "../../shared/ids.ts";
import { MAX_CANDIDATES } from "../../shared/limits.ts";
import { createApp } from "../app.ts";
import { sessionSecret } from "../session-secret.ts";
import { CANDIDATE, offer, post, SDP } from "../testing/client.ts";
import { descriptor, FakeNode } from "../testing/fake-node.ts";

const NEW_SDP = `${SDP}a=ice-ufrag:new\r\n`;

let node: FakeNode;
beforeAll(async () => {
  node = await FakeNode.start({ nodeId: "restart", streams: [descriptor("moving", { concurrencyLimit: 50 })] });
});
afterAll(() => node.drop());

/** Calls. @returns the session's id, as its node tells it the client. */
async function call(clientId: string): Promise<string> {
  await offer("moving", clientId);
  const command = node.commands.findLast((one) => one.command === "offer" && one.clientId === clientId);
  if (command === undefined || !("sid" in command)) throw new Error("no offer");
  return command.sid;
}

const restart = (clientId: string, sid: unknown, sdp: unknown = NEW_SDP) =>
  post("moving", { type: "restart", webrtc_id: clientId, sid, sdp });
const UNKNOWN = { status: 200, json: { status: "failed", meta: { error: "unknown_connection" } } };
const restarts = () => node.commands.filter(({ command }) => command === "restart");

describe("a restart", () => {
  it("goes to the session's node, and its answer comes back", async () => {
    const sid = await call("traveller");
    node.onCommand = (command) =>
      command.command === "restart" ? { ok: true, sdp: "v=0\r\ns=again\r\n" } : node.accept(command);
    expect(await restart("traveller", sid)).toMatchObject({
      status: 200,
      json: { sdp: "v=0\r\ns=again\r\n", type: "answer" },
    });
    expect(restarts().at(-1)).toMatchObject({ sid, clientId: "traveller", stream: "moving", sdp: NEW_SDP });
  });

  it("takes no slot, and leaves the session what it was", async () => {
    const sid = await call("same");
    node.onCommand = (command) => (command.command === "restart" ? { ok: true, sdp: "v=0\r\n" } : node.accept(command));
    await restart("same", sid);
    await restart("same", sid);
    expect(node.commands.filter((one) => one.command === "offer" && one.clientId === "same")).toHaveLength(1);
  });

  it("may have candidates of its own, however many the session has had", async () => {
    const sid = await call("roaming");
    const trickle = async () =>
      (await post("moving", { type: "ice-candidate", webrtc_id: "roaming", candidate: CANDIDATE })).json;
    for (let n = 0; n < MAX_CANDIDATES; n++) await trickle();
    expect(await trickle()).toMatchObject({ meta: { error: "too_many_candidates" } });
    node.onCommand = (command) => (command.command === "restart" ? { ok: true, sdp: "v=0\r\n" } : node.accept(command));
    await restart("roaming", sid);
    expect(await trickle()).toEqual({ status: "success" });
  });

  it.each([
    ["another session's id", () => newSessionId()],
    ["no id", () => undefined],
    ["what is no id", () => "s_1"],
  ])("with %s is for a session that nobody knows", async (what, sid) => {
    const before = restarts().length;
    await call(`guess of ${what}`);
    expect(await restart(`guess of ${what}`, sid())).toMatchObject(UNKNOWN);
    expect(restarts()).toHaveLength(before);
  });

  it("without SDP is refused", async () => {
    expect(await restart("any", newSessionId(), "garbage")).toMatchObject({ status: 400 });
  });

  it("that the node cannot do says so", async () => {
    const sid = await call("other");
    node.onCommand = (command) =>
      command.command === "restart" ? { ok: false, error: "cannot_restart" } : node.accept(command);
    expect(await restart("other", sid)).toMatchObject({
      status: 200,
      json: { status: "failed", meta: { error: "cannot_restart", retryable: false } },
    });
  });

  it("of a session that is over is for one that nobody knows", async () => {
    const sid = await call("over");
    node.onCommand = (command) =>
      command.command === "restart" ? { ok: false, error: "connection_closed" } : node.accept(command);
    expect(await restart("over", sid)).toMatchObject(UNKNOWN);
  });

  it("of a strict edge needs the session's secret, too", async () => {
    const sid = await call("strict");
    const ask = async (fields: object) => {
      const init = {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ type: "restart", webrtc_id: "strict", sid, sdp: NEW_SDP, ...fields }),
      };
      return (await createApp().request("/moving/webrtc/offer", init, { ...env, EDGERTC_STRICT: "true" })).status;
    };
    expect(await ask({})).toBe(401);
    expect(await ask({ session_secret: "guessed" })).toBe(401);
    node.onCommand = (command) => (command.command === "restart" ? { ok: true, sdp: "v=0\r\n" } : node.accept(command));
    const strict = { ...env, EDGERTC_STRICT: "true" };
    const secret = await sessionSecret(strict, { sid, stream: "moving", clientId: "strict" });
    expect(await ask({ session_secret: secret })).toBe(200);
    expect(restarts().at(-1)).toMatchObject({ sid });
  });
});
