import { describe, expect, it } from "vitest";
import { pythonJson } from "./channel.ts";

describe("pythonJson", () => {
  it("separates like json.dumps", () => {
    expect(pythonJson({ type: "send_input", data: [] })).toBe('{"type": "send_input", "data": []}');
    expect(pythonJson({ a: [1, true, null, "x"] })).toBe('{"a": [1, true, null, "x"]}');
  });

  it("escapes everything outside ASCII, surrogate pairs included", () => {
    expect(pythonJson("é😀\u007f")).toBe('"\\u00e9\\ud83d\\ude00\\u007f"');
  });

  it("leaves out what is undefined", () => {
    expect(pythonJson({ type: "error", message: "m", data: undefined })).toBe('{"type": "error", "message": "m"}');
  });
});
