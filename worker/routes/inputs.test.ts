import { exports } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_INPUT_BODY_BYTES, MAX_INPUT_FILE_BYTES } from "../../shared/limits.ts";
import { type Answer, offer } from "../testing/client.ts";
import { descriptor, FakeNode } from "../testing/fake-node.ts";

const inputs = {
  conf: { kind: "slider", min: 0, max: 1, step: 0.01, value: 0.3, required: true },
  loud: { kind: "checkbox", value: false, required: false },
  api_key: { kind: "secret", maxChars: 20, required: false },
} as const;

async function post(path: string, body: unknown, type = "application/json"): Promise<Answer> {
  const response = await exports.default.fetch(`http://edge${path}`, {
    method: "POST",
    headers: { "content-type": type },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, json: JSON.parse(text) };
}

it("before any node registered, a session is unknown", async () => {
  expect((await post("/early/input_hook", { webrtc_id: "a" })).status).toBe(404);
});

describe("POST /input_hook", () => {
  let node: FakeNode;
  beforeAll(async () => {
    const streams = [
      descriptor("default", { inputs, concurrencyLimit: 20 }),
      descriptor("det", { inputs, concurrencyLimit: 20 }),
      descriptor("plain", { concurrencyLimit: 20 }),
      descriptor("files", {
        inputs: { doc: { kind: "file", accept: [], maxBytes: MAX_INPUT_FILE_BYTES, required: false } },
        outputs: { score: { kind: "number", unit: "%" } },
        ui: { icon: "🛎️", colours: { user: "#7c3aed" }, variant: "textbox" },
        concurrencyLimit: 20,
      }),
    ];
    node = await FakeNode.start({ nodeId: "inputs", streams });
  });
  afterAll(() => node.drop());

  const lastInputs = () => node.commands.findLast(({ command }) => command === "inputs");

  it("takes the inputs beside the id, as FastRTC's pages send them, at the root and under a path", async () => {
    await offer("det", "one");
    expect(await post("/det/input_hook", { webrtc_id: "one", conf: 0.5, chatbot: [] })).toMatchObject({
      status: 200,
      text: '{"status":"success"}',
    });
    expect(lastInputs()).toMatchObject({ clientId: "one", stream: "det", values: { conf: 0.5 } });
    await offer("default", "root");
    expect((await post("/input_hook", { webrtc_id: "root", conf: 1, loud: true })).status).toBe(200);
    expect(lastInputs()).toMatchObject({ stream: "default", values: { conf: 1, loud: true } });
  });

  it("takes a file of the largest size, and refuses one that is larger or no file, without repeating it", async () => {
    await offer("files", "sender");
    const doc = { name: "a.bin", type: "", data: btoa("x".repeat(MAX_INPUT_FILE_BYTES)) };
    expect((await post("/files/input_hook", { webrtc_id: "sender", doc })).status).toBe(200);
    expect(lastInputs()).toMatchObject({ stream: "files", values: { doc: { name: "a.bin" } } });
    const larger = { ...doc, data: btoa("x".repeat(MAX_INPUT_FILE_BYTES + 1)) };
    const tooLarge = await post("/files/input_hook", { webrtc_id: "sender", doc: larger });
    expect([tooLarge.status, tooLarge.text.length < 1_000]).toEqual([422, true]);
    const far = { ...doc, data: btoa("x".repeat(2 * MAX_INPUT_FILE_BYTES)) };
    expect((await post("/files/input_hook", { webrtc_id: "sender", doc: far })).status).toBe(413);
    const nameless = await post("/files/input_hook", { doc: { ...doc, data: "eHh4eHh4" } });
    expect(nameless.status).toBe(422);
    expect(nameless.text).not.toContain("eHh4");
  });

  it("and the page learns from the stream's configuration what to show", async () => {
    const config = await exports.default.fetch("http://edge/files/config");
    expect(await config.json()).toMatchObject({
      inputs: { doc: { kind: "file" } },
      outputs: { score: { kind: "number", unit: "%" } },
      ui: { icon: "🛎️", colours: { user: "#7c3aed" }, variant: "textbox" },
    });
  });

  it("takes them in an object of their own, where a name that is not declared is refused", async () => {
    await offer("det", "two");
    expect((await post("/det/input_hook", { webrtc_id: "two", inputs: { conf: 0.25 } })).status).toBe(200);
    expect(lastInputs()).toMatchObject({ values: { conf: 0.25 } });
    const refused = await post("/det/input_hook", { webrtc_id: "two", inputs: { conf: 0.25, conff: 1 } });
    expect(refused.status).toBe(422);
    expect(refused.json).toMatchObject({
      detail: [{ type: "extra_forbidden", loc: ["body", "inputs", "conff"] }],
    });
  });

  it.each([
    ["a value of another type", { webrtc_id: "x", conf: "0.5" }, "float_type", ["body", "conf"]],
    ["a value out of bounds", { webrtc_id: "x", conf: 2 }, "less_than_equal", ["body", "conf"]],
    ["a required input that is missing", { webrtc_id: "x" }, "missing", ["body", "conf"]],
    ["a missing id", { conf: 0.5 }, "missing", ["body", "webrtc_id"]],
    ["an id that is no text", { webrtc_id: 7, conf: 0.5 }, "string_type", ["body", "webrtc_id"]],
    ["inputs that are no object", { webrtc_id: "x", inputs: [] }, "dict_type", ["body", "inputs"]],
    ["a list", [], "model_attributes_type", ["body"]],
    ["broken JSON", "{", "json_invalid", ["body", 1]],
  ])("answers %s with 422, as FastAPI does", async (_, body, type, loc) => {
    const answer = await post("/det/input_hook", body);
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ detail: [{ type, loc }] });
  });

  it("shows no secret, whatever is wrong with the request", async () => {
    const bodies = [
      { webrtc_id: "x", conf: 2, api_key: "s3cret" },
      { webrtc_id: "x", api_key: "s3cret" },
      { webrtc_id: "x", conf: 0.5, api_key: "s3cret that is far too long" },
      { conf: 0.5, api_key: "s3cret" },
      { webrtc_id: "x", inputs: { api_key: "s3cret" } },
    ];
    for (const body of bodies) {
      const answer = await post("/det/input_hook", body);
      expect(answer.status).toBe(422);
      expect(answer.text).not.toContain("s3cret");
    }
  });

  it("answers 404 for a session that never was, and for one that is over", async () => {
    const unknown = await post("/det/input_hook", { webrtc_id: "nobody", conf: 0.5 });
    expect(unknown.status).toBe(404);
    expect(unknown.json).toMatchObject({ status: "failed", meta: { error: "unknown_connection" } });
    await offer("det", "gone");
    const session = node.sessions.find(({ clientId }) => clientId === "gone");
    await node.ended(session?.sid ?? "");
    expect((await post("/det/input_hook", { webrtc_id: "gone", conf: 0.5 })).status).toBe(404);
    expect((await post("/nosuch/input_hook", { webrtc_id: "gone", conf: 0.5 })).status).toBe(404);
  });

  it("wakes the handler of a stream that declares nothing, and gives it nothing", async () => {
    await offer("plain", "p");
    expect((await post("/plain/input_hook", { webrtc_id: "p", anything: 1 })).status).toBe(200);
    expect(lastInputs()).toMatchObject({ stream: "plain", values: {} });
  });

  it("is bounded, and lets any page call it", async () => {
    const large = { webrtc_id: "x", conf: 0.5, chatbot: "x".repeat(MAX_INPUT_BODY_BYTES) };
    expect((await post("/det/input_hook", large)).status).toBe(413);
    const get = await exports.default.fetch("http://edge/det/input_hook");
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    const refused = await exports.default.fetch("http://edge/det/input_hook", { method: "POST", body: "{" });
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    const unknown = await exports.default.fetch("http://edge/det/input_hook", {
      method: "POST",
      headers: { origin: "https://example.com", "content-type": "application/json" },
      body: JSON.stringify({ webrtc_id: "nobody", conf: 0.5 }),
    });
    expect([unknown.status, unknown.headers.get("access-control-allow-origin")]).toEqual([404, "*"]);
  });
});
