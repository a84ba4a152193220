import { describe, expect, it } from "vitest";
import { parseOfferBody } from "./body.ts";

const wire = (text: string, isJson?: boolean) => {
  const parsed = parseOfferBody(text, isJson);
  return parsed.ok ? parsed.body : JSON.stringify({ detail: parsed.detail });
};

describe("the offer's body", () => {
  it("is taken with its four fields, others ignored", () => {
    const text = '{"sdp":"v=0","type":"offer","webrtc_id":"a","extra":1}';
    expect(wire(text)).toEqual({ sdp: "v=0", type: "offer", webrtc_id: "a" });
  });

  it("may lack sdp and candidate, or have them null", () => {
    expect(wire('{"sdp":null,"candidate":null,"type":"offer","webrtc_id":"a"}')).toMatchObject({ sdp: null });
    expect(wire('{"type":"offer","webrtc_id":"a"}')).toEqual({ type: "offer", webrtc_id: "a" });
  });

  it.each([
    [
      "is not JSON",
      "not json",
      '{"detail":[{"type":"json_invalid","loc":["body",0],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting value"}}]}',
    ],
    [
      "is not an object",
      "[1]",
      '{"detail":[{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":[1]}]}',
    ],
    ["is null", "null", '{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}'],
    ["is empty", "", '{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}'],
    [
      "lacks the id",
      '{"type":"offer"}',
      '{"detail":[{"type":"missing","loc":["body","webrtc_id"],"msg":"Field required","input":{"type":"offer"}}]}',
    ],
    [
      "lacks both, in the model's order",
      '{"sdp":"x"}',
      '{"detail":[{"type":"missing","loc":["body","type"],"msg":"Field required","input":{"sdp":"x"}},{"type":"missing","loc":["body","webrtc_id"],"msg":"Field required","input":{"sdp":"x"}}]}',
    ],
    [
      "has a candidate that is no object",
      '{"type":"ice-candidate","webrtc_id":"a","candidate":"x"}',
      '{"detail":[{"type":"dict_type","loc":["body","candidate"],"msg":"Input should be a valid dictionary","input":"x"}]}',
    ],
    [
      "has a candidate that is a list",
      '{"type":"ice-candidate","webrtc_id":"a","candidate":[]}',
      '{"detail":[{"type":"dict_type","loc":["body","candidate"],"msg":"Input should be a valid dictionary","input":[]}]}',
    ],
    [
      "has fields of wrong types",
      '{"sdp":1,"type":null,"webrtc_id":2}',
      '{"detail":[{"type":"string_type","loc":["body","sdp"],"msg":"Input should be a valid string","input":1},{"type":"string_type","loc":["body","type"],"msg":"Input should be a valid string","input":null},{"type":"string_type","loc":["body","webrtc_id"],"msg":"Input should be a valid string","input":2}]}',
    ],
    [
      "has an empty id",
      '{"type":"offer","webrtc_id":""}',
      '{"detail":[{"type":"string_too_short","loc":["body","webrtc_id"],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}}]}',
    ],
  ])("is refused in pydantic's words when it %s", (_, text, expected) => {
    expect(wire(text)).toBe(expected);
  });

  it("is a string to FastAPI when it does not say that it is JSON", () => {
    expect(wire('{"type":"offer"}', false)).toContain('"type":"model_attributes_type"');
  });
});
