import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { checkInputs, defaultInputs, HIDDEN, InputDeclarations } from "./inputs.ts";

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
