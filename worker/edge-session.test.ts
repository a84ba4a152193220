import { env, exports } from "cloudflare:workers";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp, createEdge } from "./app.ts";
import { SessionError } from "./edge-session.ts";
import type { Env } from "./env.ts";
import { offer, SDP } from "./testing/client.ts";
import { EventReader } from "./testing/event-reader.ts";
import { descriptor, FakeNode } from "./testing/fake-node.ts";

const edge = createEdge();

/** A Worker of a developer's own: routes beside the edge's, the whole under a prefix. */
const own = new Hono<{ Bindings: Env }>();
own.post("/send_input", async (c) => {
  const { webrtc_id, transcript } = await c.req.json<{ webrtc_id: string; transcript: unknown }>();
  await edge.session(c.env, webrtc_id, "own").setInput({ transcript });
  return c.json({ status: "ok" });
});
own.get("/transcript", (c) =>
  edge.session(c.env, c.req.query("webrtc_id") ?? "", "own").events(c.req.raw, ({ args }) => args.map(String)),
);
own.route("/", edge.app);
own.notFound(edge.notFound);
const mounted = new Hono<{ Bindings: Env }>().route("/voice", own);

const request = (path: string, init?: RequestInit) => mounted.request(`http://edge${path}`, init, env);
const postJson = (path: string, body: unknown) =>
  request(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

let node: FakeNode;
beforeAll(async () => {
  const inputs = { transcript: { kind: "text", value: "", maxChars: 10, lines: 1, required: true } } as const;
  node = await FakeNode.start({ nodeId: "own", streams: [descriptor("own", { inputs, concurrencyLimit: 50 })] });
});
afterAll(() => node.drop());

async function call(clientId: string): Promise<string> {
  await offer("own", clientId);
  const sid = node.sessions.find((session) => session.clientId === clientId)?.sid ?? "";
  await node.connected(sid);
  return sid;
}

const commandsOf = (sid: string) =>
  node.commands.filter((command) => command.command !== "drain" && command.sid === sid);

describe("the edge in an app of one's own", () => {
  it("answers under the prefix as it does at the root, beside the app's routes", async () => {
    const answer = await postJson("/voice/own/webrtc/offer", { sdp: SDP, type: "offer", webrtc_id: "prefixed" });
    expect(await answer.json()).toMatchObject({ type: "answer" });
    expect((await request("/voice/own/sessions/prefixed")).status).toBe(200);
    expect((await request("/voice/nothing/here")).status).toBe(404);
    const based = createApp({ basePath: "/based" });
    expect((await based.request("http://edge/based/health", {}, env)).status).toBe(200);
    expect((await based.request("http://edge/health", {}, env)).status).toBe(404);
  });

  it("takes inputs by a route of the app's own, and answers for it where they are wrong", async () => {
    const sid = await call("in");
    expect((await postJson("/voice/send_input", { webrtc_id: "in", transcript: "hello" })).status).toBe(200);
    expect(commandsOf(sid).at(-1)).toMatchObject({ command: "inputs", values: { transcript: "hello" } });
    const wrong = await postJson("/voice/send_input", { webrtc_id: "in", transcript: 5 });
    expect(wrong.status).toBe(422);
    expect(await wrong.json()).toMatchObject({ detail: [{ type: "string_type", loc: ["inputs", "transcript"] }] });
    const unknown = await postJson("/voice/send_input", { webrtc_id: "nobody", transcript: "" });
    expect([unknown.status, await unknown.json()]).toMatchObject([404, { meta: { error: "unknown_connection" } }]);
  });

  it("sends outputs as the app wants them, several events or none for each", async () => {
    const sid = await call("ev");
    const events = new EventReader(await request("/voice/transcript?webrtc_id=ev"));
    await node.output(sid, "one", "two");
    await node.output(sid);
    await node.output(sid, "three");
    for (const data of ["one", "two", "three"]) expect(await events.next()).toMatchObject({ event: "output", data });
    await node.ended(sid);
    expect(await events.next()).toBeNull();
  });
});

describe("a session in code of one's own", () => {
  it("row 63: can be read, output by output, until it ends", async () => {
    const sid = await call("read");
    await node.output(sid, 1);
    await node.output(sid, 2, "b");
    const seen: unknown[] = [];
    for await (const { args } of edge.session(env, "read", "own").outputs()) {
      seen.push(args);
      if (seen.length === 2) await node.output(sid, 3);
      if (seen.length === 3) await node.ended(sid);
    }
    expect(seen).toEqual([[1], [2, "b"], [3]]);
    for await (const output of edge.session(env, "read", "own").outputs()) seen.push(output);
    expect(seen).toHaveLength(3);
  });

  it("can be read from an output on, and left", async () => {
    const sid = await call("left");
    for (const word of ["a", "b", "c"]) await node.output(sid, word);
    const session = edge.session(env, "left", "own");
    const leave = new AbortController();
    const seen: unknown[] = [];
    for await (const { args } of session.outputs({ after: `${sid.slice(2, 10)}-2`, signal: leave.signal })) {
      seen.push(args[0]);
      leave.abort();
    }
    expect(seen).toEqual(["c"]);
    await node.command((command) => command.command === "unwatch_outputs" && command.sid === sid);
  });

  it("row 63: gives its newest output, the next one after another, or the first to come, within a time", async () => {
    const sid = await call("latest");
    const session = edge.session(env, "latest", "own");
    const none = await session.fetchLatestOutput({ timeoutMs: 20 }).catch((error: unknown) => error);
    expect(none).toMatchObject({ code: "no_output" });
    if (none instanceof SessionError) expect(none.getResponse().status).toBe(504);
    const first = session.fetchLatestOutput();
    await node.command((command) => command.command === "watch_outputs" && command.sid === sid);
    await node.output(sid, "a");
    const { id, args } = await first;
    expect(args).toEqual(["a"]);
    await node.output(sid, "b");
    await node.output(sid, "c");
    expect((await session.fetchLatestOutput()).args).toEqual(["c"]);
    expect((await session.fetchLatestOutput({ after: id })).args).toEqual(["b"]);
    await node.ended(sid);
    await expect(session.fetchLatestOutput()).rejects.toMatchObject({ code: "unknown_connection" });
  });

  it("can be told to answer, its client to hang up, and itself to end", async () => {
    const sid = await call("all");
    const session = edge.session(env, "all", "own");
    await session.triggerResponse();
    await session.updateConnection("closed");
    expect((await session.info())?.state).toBe("live");
    await session.close();
    expect(commandsOf(sid).map(({ command }) => command)).toEqual([
      "offer",
      "trigger_response",
      "update_connection",
      "end",
    ]);
    await node.report([{ sid, stream: "own", clientId: "all", event: "ended", reason: "ended_by_edge" }]);
    expect(await session.info()).toMatchObject({ state: "ended", reason: "ended_by_edge" });
    await session.close();
    await expect(session.triggerResponse()).rejects.toThrow(SessionError);
  });

  it("says why the node would not", async () => {
    await call("mute");
    node.onCommand = (command) =>
      command.command === "trigger_response" ? { ok: false, error: "not_a_reply_on_pause" } : node.accept(command);
    const refused = await edge
      .session(env, "mute", "own")
      .triggerResponse()
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SessionError);
    expect(refused).toMatchObject({ code: "not_a_reply_on_pause" });
    if (refused instanceof SessionError) expect(refused.getResponse().status).toBe(409);
    node.onCommand = (command) => node.accept(command);
  });

  it("makes no object for a stream that nobody registered", async () => {
    const session = edge.session(env, "a", "nosuch");
    for (const act of [() => session.close(), () => session.setInput({}), () => session.info()]) {
      await expect(act()).rejects.toMatchObject({ code: "unknown_stream" });
    }
  });
});

it("the shipped Worker has the same sessions", async () => {
  await call("shipped");
  expect(await (await exports.default.fetch("http://edge/own/sessions/shipped")).json()).toMatchObject({
    state: "live",
  });
});
