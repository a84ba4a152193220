/** A strict edge: whoever knows or guesses a client id does not get at its session. */
import { env, exports } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSessionId } from "../shared/ids.ts";
import { PROTOCOL_VERSION } from "../shared/version.ts";
import { createApp } from "./app.ts";
import { sessionSecret } from "./session-secret.ts";
import { offer, SDP } from "./testing/client.ts";
import { documented } from "./testing/documented.ts";
import { descriptor, FakeNode } from "./testing/fake-node.ts";

const STRICT = { ...env, EDGERTC_STRICT: "true" };
const inputs = { conf: { kind: "slider", min: 0, max: 1, step: 0.01, value: 0.3, required: true } } as const;

let node: FakeNode;
beforeAll(async () => {
  const streams = ["strict", "other"].map((name) => descriptor(name, { inputs, concurrencyLimit: 20 }));
  node = await FakeNode.start({ nodeId: "strict", streams });
});
afterAll(() => node.drop());

async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; error?: string | undefined }> {
  const response = await documented(init.method ?? "GET", path, await createApp().request(path, init, STRICT));
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body?.cancel();
    return { status: response.status };
  }
  const text = await response.text();
  const { meta } = text === "" ? {} : JSON.parse(text);
  return { status: response.status, error: meta?.error };
}

function post(path: string, body: object, headers: Record<string, string> = {}) {
  const init = {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
  return ask(path, init);
}

/** Calls, and gives the secret that came with the answer. */
async function call(webrtcId: string, stream = "strict"): Promise<string> {
  const response = await createApp().request(
    `/${stream}/webrtc/offer`,
    {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sdp: SDP, type: "offer", webrtc_id: webrtcId }),
    },
    STRICT,
  );
  const { session_secret: secret } = await response.json<{ session_secret?: string }>();
  if (secret === undefined) throw new Error("no secret");
  return secret;
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const REFUSED = { status: 401, error: "session_secret_required" };

it("an open edge gives FastRTC's answer, and no secret", async () => {
  expect((await offer("strict", "open")).json).toEqual({ sdp: expect.any(String), type: "answer" });
  const plain = await exports.default.fetch("http://edge/strict/sessions/open");
  expect([plain.status, await plain.json()]).toMatchObject([200, { state: "pending" }]);
});

describe("inputs, outputs and the state of a session", () => {
  it("are whoever's has the secret of the answer", async () => {
    const secret = await call("mine");
    expect(await post("/strict/input_hook", { webrtc_id: "mine", conf: 1 }, bearer(secret))).toMatchObject({
      status: 200,
    });
    const inBody = { webrtc_id: "mine", conf: 0.5, session_secret: secret };
    expect(await post("/strict/input_hook", inBody)).toMatchObject({ status: 200 });
    const inObject = { webrtc_id: "mine", inputs: { conf: 0.5 }, session_secret: secret };
    expect(await post("/strict/input_hook", inObject)).toMatchObject({ status: 200 });
    expect(await ask(`/strict/outputs?webrtc_id=mine&session_secret=${secret}`)).toMatchObject({ status: 200 });
    expect(await ask("/strict/sessions/mine", { headers: bearer(secret) })).toMatchObject({ status: 200 });
  });

  it("are nobody's who has only guessed the id", async () => {
    await call("guessed");
    const before = node.commands.length;
    for (const given of [{}, bearer("s_0"), bearer(`${newSessionId()}.${"0".repeat(64)}`)]) {
      expect(await post("/strict/input_hook", { webrtc_id: "guessed", conf: 1 }, given)).toEqual(REFUSED);
      expect(await ask("/strict/outputs?webrtc_id=guessed", { headers: given })).toEqual(REFUSED);
      expect(await ask("/strict/sessions/guessed", { headers: given })).toEqual(REFUSED);
      expect(await ask("/strict/sessions/guessed", { method: "DELETE", headers: given })).toEqual(REFUSED);
    }
    expect(node.commands).toHaveLength(before);
  });

  it("are not another session's, stream's or edge's either", async () => {
    const secret = await call("first");
    await call("second");
    expect(await post("/strict/input_hook", { webrtc_id: "second", conf: 1 }, bearer(secret))).toEqual(REFUSED);
    await call("first", "other");
    expect(await post("/other/input_hook", { webrtc_id: "first", conf: 1 }, bearer(secret))).toEqual(REFUSED);
    const sid = secret.slice(0, secret.indexOf("."));
    const elsewhere = { ...STRICT, EDGERTC_NODE_SECRET: "another edge's" };
    const forged = await sessionSecret(elsewhere, { stream: "strict", clientId: "first", sid });
    expect(await post("/strict/input_hook", { webrtc_id: "first", conf: 1 }, bearer(forged))).toEqual(REFUSED);
  });

  it("are not the next session's of the same client id", async () => {
    const secret = await call("again");
    const [session] = node.sessions.filter(({ clientId }) => clientId === "again");
    if (session === undefined) throw new Error("no session");
    await node.ended(session.sid, "client_closed");
    await expect
      .poll(() => env.STREAM.getByName("default/strict").find({ v: 2, clientId: "again" }))
      .toMatchObject({ state: "ended" });
    await call("again");
    const before = node.commands.length;
    expect(await post("/strict/input_hook", { webrtc_id: "again", conf: 1 }, bearer(secret))).toMatchObject({
      status: 404,
    });
    expect(await ask(`/strict/outputs?webrtc_id=again&session_secret=${secret}`)).toMatchObject({ status: 404 });
    expect(await ask("/strict/sessions/again", { headers: bearer(secret) })).toMatchObject({ status: 404 });
    // Nor where a Worker has not noticed that it is another session.
    const object = env.SESSION.getByName("default/strict/again");
    const stale = { stream: "strict", clientId: "again", sid: session.sid };
    const control = { v: 2, ...stale, requestId: "r", action: { kind: "close" } } as const;
    expect(await object.control(control)).toEqual({ ok: false, error: "unknown_connection" });
    const watch = await object.fetch(`https://session/outputs?${new URLSearchParams({ ...stale, after: "" })}`);
    expect(watch.status).toBe(204);
    expect(node.commands).toHaveLength(before);
  });
});

it("a call over a WebSocket has its secret from its node; it is the session's under whatever name that goes later", async () => {
  const sid = newSessionId();
  const secret = await sessionSecret(env, { stream: "strict", clientId: sid, sid });
  const session = { sid, stream: "strict", clientId: sid };
  const request = { v: PROTOCOL_VERSION, ...session, transport: "websocket", secret } as const;
  expect(await env.SESSION.getByName(`default/strict/${sid}`).openSocket(request)).toEqual({ ok: true });
  expect(await node.command((command) => command.command === "offer_socket")).toMatchObject({ secret });
  node.sessions = node.sessions.map((held) => (held.sid === sid ? { ...held, clientId: "walter" } : held));
  await node.connected(sid);
  const sent = { webrtc_id: "walter", conf: 0.5 };
  expect(await post("/strict/input_hook", sent)).toEqual(REFUSED);
  expect(await post("/strict/input_hook", sent, bearer(secret))).toMatchObject({ status: 200 });
  // It is no key to another's session.
  await call("wanda");
  expect(await post("/strict/input_hook", { webrtc_id: "wanda", conf: 0.5 }, bearer(secret))).toMatchObject({
    status: 404,
  });
});
