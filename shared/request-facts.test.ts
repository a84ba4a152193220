import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { MAX_REQUEST_HEADERS } from "./limits.ts";
import { SessionCommand } from "./link.ts";
import { HeaderNames, NO_FACTS, RequestFacts } from "./request-facts.ts";

const offer = {
  id: "1",
  command: "offer",
  sid: `s_${"0".repeat(32)}`,
  stream: "default",
  clientId: "c",
  sdp: "v=0",
  candidates: [],
} as const;

describe("row 65: the facts of a request on the node link", () => {
  it("are an additional field: an offer of an edge that knows none is as it was", () => {
    expect(v.parse(SessionCommand, offer)).toEqual(offer);
    const request = { headers: { "x-user": "ada" }, location: { country: "DE", latitude: 52.5 } };
    expect(v.parse(SessionCommand, { ...offer, request })).toEqual({ ...offer, request });
  });

  it("do not cost the call where they cannot be read", () => {
    for (const request of [
      7,
      null,
      {},
      { headers: { "X y": "z" }, location: null },
      { headers: {}, location: "here" },
    ]) {
      expect(v.parse(SessionCommand, { ...offer, request })).toEqual({ ...offer, request: NO_FACTS });
    }
  });

  it("are bounded", () => {
    const names = Array.from({ length: MAX_REQUEST_HEADERS + 1 }, (_, n) => `x-${n}`);
    expect(v.is(HeaderNames, names)).toBe(false);
    expect(v.is(HeaderNames, names.slice(1))).toBe(true);
    expect(v.is(RequestFacts, { headers: { "x-user": "x".repeat(4_097) }, location: null })).toBe(false);
  });
});
