import { exports } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_CANDIDATES, MAX_EARLY_CANDIDATES, MAX_OFFER_BODY_BYTES } from "../../shared/limits.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { CANDIDATE, get, offer, post, SDP, trickle } from "../testing/client.ts";
import { descriptor, FakeNode } from "../testing/fake-node.ts";

const failed = (error: string, limit?: number) =>
  JSON.stringify({ status: "failed", meta: limit === undefined ? { error } : { error, limit } });

describe("before any node registered", () => {
  it("an offer is refused at once, in FastRTC's shape, and a candidate as unknown", async () => {
    const answer = await offer("early", "a");
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ status: "failed", meta: { error: "no_media_node", retryable: true } });
    expect((await trickle("early", "a")).text).toBe(failed("unknown_connection"));
    expect((await get("/streams")).json).toEqual([]);
  });
});

describe("POST /<stream>/webrtc/offer", () => {
  let node: FakeNode;
  beforeAll(async () => {
    const streams = [
      descriptor("default", { concurrencyLimit: 50 }),
      descriptor("one"),
      descriptor("rows", { concurrencyLimit: 50 }),
    ];
    node = await FakeNode.start({ nodeId: "rows", streams });
  });
  afterAll(() => node.drop());

  it("answers a valid offer, under a path and at the root", async () => {
    expect((await offer("rows", "r1")).json).toMatchObject({ type: "answer" });
    const root = await exports.default.fetch("http://edge/webrtc/offer", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sdp: SDP, type: "offer", webrtc_id: "r1-root" }),
    });
    expect(Object.keys(await root.json<object>())).toEqual(["sdp", "type"]);
  });

  it.each([
    ["a missing id", { type: "offer" }, "missing"],
    ["a missing type", { webrtc_id: "a" }, "missing"],
    ["broken JSON", "{", "json_invalid"],
    ["a list", [], "model_attributes_type"],
    ["a candidate that is no object", { type: "ice-candidate", webrtc_id: "a", candidate: 1 }, "dict_type"],
  ])("answers %s with FastAPI's 422", async (_, body, type) => {
    const answer = await post("rows", body);
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ detail: [{ type }] });
  });

  it("answers a candidate of an unknown id with unknown_connection, before it looks at its format", async () => {
    for (const candidate of [CANDIDATE, null, {}, { candidate: "" }]) {
      const answer = await trickle("rows", "nobody", candidate);
      expect([answer.status, answer.text]).toEqual([200, failed("unknown_connection")]);
    }
  });

  it("judges a running session's candidates as FastRTC does", async () => {
    await offer("rows", "r7");
    const line = (text: string) => ({ candidate: text, sdpMid: "0" });
    const cases: [unknown, string][] = [
      [CANDIDATE, '{"status":"success"}'],
      [line("candidate:1 1 udp 1 192.0.2.1 9 typ host"), failed("invalid_candidate_format")],
      [line(""), failed("invalid_candidate_format")],
      [line("a b c d e f g h i j"), failed("invalid_candidate_format")],
      [null, failed("'NoneType' object has no attribute 'get'")],
      [
        line("candidate:1 x udp 1 192.0.2.1 9 typ host generation 0"),
        failed("invalid literal for int() with base 10: 'x'"),
      ],
      [
        { candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host generation 0" },
        failed("Candidate must have either sdpMid or sdpMLineIndex"),
      ],
    ];
    for (const [candidate, text] of cases) expect((await trickle("rows", "r7", candidate)).text).toBe(text);
  });

  it("says connection_closed for a session that has ended, and keeps the candidate for the next offer", async () => {
    await offer("rows", "r9");
    const sid = node.sessions.find((session) => session.clientId === "r9")?.sid ?? "";
    await node.ended(sid);
    expect((await trickle("rows", "r9")).text).toBe(failed("connection_closed"));
    expect((await trickle("rows", "r9", null)).text).toBe(failed("connection_closed"));
    expect((await trickle("rows", "r9")).text).toBe(failed("connection_closed"));
    await offer("rows", "r9");
    const last = node.commands.findLast((command) => command.command === "offer" && command.clientId === "r9");
    expect(last).toMatchObject({ candidates: [CANDIDATE, CANDIDATE] });
  });

  it("bounds a session's candidates, before its offer and after", async () => {
    for (let index = 0; index < MAX_EARLY_CANDIDATES + 5; index += 1) await trickle("rows", "many");
    await offer("rows", "many");
    const taken = node.commands.find((command) => command.command === "offer" && command.clientId === "many");
    expect(taken?.command === "offer" && taken.candidates.length).toBe(MAX_EARLY_CANDIDATES);
    const replies = new Set<string>();
    for (let index = MAX_EARLY_CANDIDATES; index < MAX_CANDIDATES; index += 1) {
      replies.add((await trickle("rows", "many")).text);
    }
    expect([...replies]).toEqual(['{"status":"success"}']);
    const beyond = await trickle("rows", "many");
    expect([beyond.status, beyond.json]).toMatchObject([200, { meta: { error: "too_many_candidates" } }]);
  });

  it("refuses a second call of the same id before it looks at the limit, and others by the limit", async () => {
    await offer("one", "first");
    expect((await offer("one", "first")).text).toBe(failed("connection_already_exists"));
    expect((await offer("one", "second")).text).toBe(failed("concurrency_limit_reached", 1));
  });

  it.each([
    ["null", null],
    ["garbage", "garbage"],
    ["without media", "v=0\r\n"],
    ["with a hundred media sections", `v=0\r\n${"m=audio 9 RTP/AVP 0\r\n".repeat(100)}`],
  ])("refuses an SDP that is %s with 400, and takes no slot", async (_, sdp) => {
    const answer = await offer("rows", "bad-sdp", sdp);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ status: "failed", meta: { error: "invalid_sdp" } });
    expect((await get("/rows/sessions/bad-sdp")).status).toBe(404);
  });

  it.each(["unsupported_track_kind", "no_common_codec", "invalid_sdp"])(
    "passes the node's %s on with 400, and frees the slot before it says so",
    async (error) => {
      node.onCommand = (command) =>
        command.command === "offer" ? { ok: false, error, message: "Because." } : node.accept(command);
      const answer = await offer("rows", error);
      node.onCommand = (command) => node.accept(command);
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ meta: { error, message: "Because." } });
      expect((await get(`/rows/sessions/${error}`)).json).toMatchObject({ state: "ended", reason: "offer_failed" });
      expect((await offer("rows", error)).json).toMatchObject({ type: "answer" });
    },
  );

  it("refuses an unknown type, an unknown stream and a body without end", async () => {
    const type = await post("rows", { type: "answer", webrtc_id: "a", sdp: SDP });
    expect([type.status, type.json]).toMatchObject([400, { meta: { error: "invalid_offer_type" } }]);
    for (const stream of ["nothing", "streams", "-", "a%20b", "x".repeat(65)]) {
      const unknown = await offer(stream, "a");
      expect([unknown.status, unknown.json]).toMatchObject([404, { meta: { error: "unknown_stream" } }]);
    }
    const large = await post("rows", "x".repeat(MAX_OFFER_BODY_BYTES + 1));
    expect([large.status, large.json]).toMatchObject([413, { meta: { error: "body_too_large" } }]);
    const chunk = new Uint8Array(64 * 1024);
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
    expect((await post("rows", "", { body: endless })).status).toBe(413);
  });

  it("has a 4xx or a business refusal for garbage of every kind, never a 5xx", async () => {
    const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
    const odd = ["\ud800", "\u0000", "../../x", "a".repeat(129), "é".repeat(128), "' OR 1=1 --", "💥"];
    const bodies: unknown[] = [
      ...["null", "true", "0", '""', "[]", "{}", "\ufeff{}", "{", deep(10_000)],
      `{"type":"ice-candidate","webrtc_id":"deep","candidate":${deep(10_000)}}`,
      `{"type":"offer","webrtc_id":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
      ...odd.map((webrtc_id) => ({ type: "offer", webrtc_id, sdp: "v=0" })),
      ...odd.map((webrtc_id) => ({ type: "ice-candidate", webrtc_id, candidate: CANDIDATE })),
      ...odd.map((candidate) => ({ type: "ice-candidate", webrtc_id: "odd", candidate: { candidate } })),
      { type: "offer", webrtc_id: "proto", __proto__: { sdp: SDP }, constructor: 1 },
    ];
    for (const body of bodies) {
      const { status, json } = await post("rows", body);
      expect([200, 400, 422], JSON.stringify(body).slice(0, 80)).toContain(status);
      expect(json).toSatisfy((reply: object) => "detail" in reply || Reflect.get(reply, "status") === "failed");
    }
  });

  it("takes no other method, and says which", async () => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const response = await exports.default.fetch("http://edge/rows/webrtc/offer", { method });
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
      expect(await response.text()).toBe('{"detail":"Method Not Allowed"}');
    }
  });

  it("lets any page call it", async () => {
    const preflight = await exports.default.fetch("http://edge/rows/webrtc/offer", {
      method: "OPTIONS",
      headers: {
        origin: "https://example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("content-type");
    const refusal = await exports.default.fetch("http://edge/rows/webrtc/offer", {
      method: "POST",
      headers: { origin: "https://example.com" },
      body: "{}",
    });
    expect(refusal.headers.get("access-control-allow-origin")).toBe("*");
  });
});

describe("what the edge tells", () => {
  it("lists streams with their limit and use, and serves their descriptors", async () => {
    const told = descriptor("told", { concurrencyLimit: 3, ui: { title: "Told" } });
    const secretly = { ...told, requestHeaders: ["x-from-the-proxy"] };
    const node = await FakeNode.start({ nodeId: "told", streams: [secretly] });
    await offer("told", "a");
    const { json } = await get("/streams");
    expect(json).toContainEqual({
      name: "told",
      path: "/told",
      modality: "audio",
      mode: "send-receive",
      title: "Told",
      limit: 3,
      active: 1,
      nodesReady: 1,
    });
    expect((await get("/told/config")).json).toEqual({ ...told, turn: false, protocol: PROTOCOL_VERSION });
    node.drop();
  });

  it("answers anything else with its own 404, and health with its version", async () => {
    expect((await get("/nothing/here")).json).toMatchObject({ meta: { error: "not_found" } });
    expect((await get("/nothing/config")).json).toMatchObject({ meta: { error: "unknown_stream" } });
    expect((await get("/told/sessions/nobody")).status).toBe(404);
    expect((await get("/health")).json).toMatchObject({ status: "ok" });
  });
});
