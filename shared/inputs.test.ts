import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { checkInputs, defaultInputs, HIDDEN, InputDeclarations, maxInputBodyBytes } from "./inputs.ts";

const declared = v.parse(InputDeclarations, {
  conf: { kind: "slider", min: 0, max: 1, step: 0.01, value: 0.3, required: true },
  count: { kind: "number", min: null, max: null, value: 0, required: false },
  name: { kind: "text", value: "", maxChars: 5, lines: 1, required: false },
  voice: { kind: "choice", options: ["Puck", "Kore", "Aoede"], value: "Puck", required: false },
  loud: { kind: "checkbox", value: false, required: false },
  tint: { kind: "colour", value: "#000000", required: false },
  api_key: { kind: "secret", maxChars: 20, required: false },
  chatbot: { kind: "messages", maxMessages: 2, required: false },
});
const check = (sent: Record<string, unknown>) => checkInputs(declared, { conf: 0.5, ...sent }, ["body"], "ignore");
const line = { role: "user", content: "hi" };

describe("inputs that a client sends", () => {
  it("pass when they fit, and only what was sent and declared comes out", () => {
    const sent = { count: 3, voice: "Kore", loud: true, tint: "#a0B1c2", api_key: "k", chatbot: [line], other: 1 };
    const { other: _, ...values } = { conf: 0.5, ...sent };
    expect(check(sent)).toEqual({ ok: true, values });
  });

  it.each([
    [{ conf: "0.5" }, "float_type", ["body", "conf"], "Input should be a valid number"],
    [{ conf: 1.5 }, "less_than_equal", ["body", "conf"], "Input should be less than or equal to 1"],
    [{ conf: -1 }, "greater_than_equal", ["body", "conf"], "Input should be greater than or equal to 0"],
    [{ count: Number.NaN }, "finite_number", ["body", "count"], "Input should be a finite number"],
    [{ name: 5 }, "string_type", ["body", "name"], "Input should be a valid string"],
    [{ name: "longer" }, "string_too_long", ["body", "name"], "String should have at most 5 characters"],
    [{ voice: "Bob" }, "literal_error", ["body", "voice"], "Input should be 'Puck', 'Kore' or 'Aoede'"],
    [{ loud: 1 }, "bool_type", ["body", "loud"], "Input should be a valid boolean"],
    [{ tint: "red" }, "string_pattern_mismatch", ["body", "tint"], "String should match pattern '^#[0-9a-fA-F]{6}$'"],
    [{ chatbot: {} }, "list_type", ["body", "chatbot"], "Input should be a valid list"],
    [{ chatbot: [line, { role: "user" }] }, "missing", ["body", "chatbot", 1, "content"], "Field required"],
    [
      { chatbot: [{ role: 1, content: "" }] },
      "string_type",
      ["body", "chatbot", 0, "role"],
      "Input should be a valid string",
    ],
    [
      { chatbot: ["hi"] },
      "model_attributes_type",
      ["body", "chatbot", 0],
      "Input should be a valid dictionary or object to extract fields from",
    ],
    [
      { chatbot: [line, line, line] },
      "too_long",
      ["body", "chatbot"],
      "List should have at most 2 items after validation, not 3",
    ],
  ])("are refused in pydantic's words: %j", (sent, type, loc, msg) => {
    expect(check(sent)).toMatchObject({ ok: false, issues: [{ type, loc, msg }] });
  });

  it("must have what is required, and nothing else where names are strict", () => {
    expect(checkInputs(declared, { other: 1 }, ["body", "inputs"], "refuse")).toMatchObject({
      issues: [
        { type: "missing", loc: ["body", "inputs", "conf"], input: { other: 1 } },
        { type: "extra_forbidden", loc: ["body", "inputs", "other"] },
      ],
    });
  });

  it("never show a secret, whatever is wrong", () => {
    const wrong = [
      checkInputs(declared, { api_key: "s3cret-value" }, ["body"], "ignore"),
      check({ api_key: "s3cret-value that is too long" }),
      check({ api_key: ["s3cret-value"] }),
    ];
    for (const result of wrong) {
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toContain("s3cret");
      expect(JSON.stringify(result)).toContain(HIDDEN);
    }
  });

  it("have defaults, but for secrets", () => {
    expect(defaultInputs(declared)).toEqual({
      conf: 0.3,
      count: 0,
      name: "",
      voice: "Puck",
      loud: false,
      tint: "#000000",
      chatbot: [],
    });
  });

  it("have names that can be a request's keys", () => {
    for (const name of ["webrtc_id", "inputs", "1st", "with space"]) {
      const one = Object.fromEntries([[name, { kind: "checkbox", value: false, required: false }]]);
      expect(v.is(InputDeclarations, one), name).toBe(false);
    }
  });
});

describe("a file", () => {
  const declared = v.parse(InputDeclarations, {
    picture: { kind: "file", accept: ["image/*", "text/plain"], maxBytes: 4, required: false },
  });
  const check = (value: unknown) => checkInputs(declared, { picture: value }, ["body"], "refuse");

  it("is taken up to its size, of the types it may have, and can be taken back", () => {
    expect(defaultInputs(declared)).toEqual({ picture: null });
    expect(check({ name: "a.png", type: "image/png", data: "AAAAAA==" }).ok).toBe(true);
    expect(check({ name: "a.txt", type: "text/plain", data: "" }).ok).toBe(true);
    expect(check(null).ok).toBe(true);
  });

  it.each([
    [{ name: "a", type: "image/png", data: "AAAAAAA=" }, "File should have at most 4 bytes"],
    [{ name: "a", type: "text/html", data: "AAAA" }, "File should be of type image/*, text/plain"],
    [{ name: "a", type: "imagex/png", data: "AAAA" }, "File should be of type"],
    [{ name: "a", type: "image/png", data: "no base64!" }, "Input should be a file"],
    ["data:image/png;base64,AAAA", "Input should be a file"],
  ])("is refused otherwise, without repeating what is in it: %j", (value, message) => {
    const refused = check(value);
    expect(refused.ok ? "" : refused.issues[0]?.msg).toContain(message);
    expect(JSON.stringify(refused)).not.toContain("AAAA");
  });

  it("of the largest size is looked at without trouble", () => {
    const largest = v.parse(InputDeclarations, {
      blob: { kind: "file", accept: [], maxBytes: 1_048_576, required: false },
    });
    const data = Buffer.alloc(1_048_576, 7).toString("base64");
    expect(checkInputs(largest, { blob: { name: "b", type: "", data } }, ["body"], "refuse").ok).toBe(true);
    expect(v.safeParse(InputDeclarations, { a: largest["blob"], b: largest["blob"] }).success).toBe(false);
  });

  it("makes a request as much larger as its base64 is", () => {
    expect(maxInputBodyBytes(declared) - maxInputBodyBytes({})).toBe(6);
  });
});
