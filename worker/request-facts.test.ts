import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { RequestFacts } from "../shared/request-facts.ts";
import { requestFacts } from "./request-facts.ts";

function request(headers: Record<string, string>, cf?: object): Request {
  const made = new Request("https://edge/webrtc/offer", { method: "POST", headers });
  return cf === undefined ? made : Object.defineProperty(made, "cf", { value: cf });
}

describe("row 65: what a handler is told of its request", () => {
  it("has the headers that the stream asks for, and no others", () => {
    const made = request({ authorization: "Bearer x", cookie: "secret=1", "x-user": "ada" });
    expect(requestFacts(made, ["authorization", "x-user", "x-none"])).toEqual({
      headers: { authorization: "Bearer x", "x-user": "ada" },
      location: null,
    });
    expect(requestFacts(made)).toBeUndefined();
  });

  it("leaves a header out that is too long", () => {
    expect(requestFacts(request({ "x-long": "x".repeat(4_097), "x-user": "ada" }), ["x-long", "x-user"])).toEqual({
      headers: { "x-user": "ada" },
      location: null,
    });
  });

  it("has the location as the platform knows it, whatever shape that is in", () => {
    const cf = {
      country: "DE",
      city: "Berlin",
      timezone: "Europe/Berlin",
      latitude: "52.52",
      longitude: "13.4",
      asn: 1,
    };
    expect(requestFacts(request({}, cf))).toEqual({
      headers: {},
      location: { country: "DE", city: "Berlin", timezone: "Europe/Berlin", latitude: 52.52, longitude: 13.4 },
    });
    expect(requestFacts(request({}, { country: 7, region: "x".repeat(200), latitude: "far" }))).toBeUndefined();
  });

  it("is what the node takes", () => {
    const facts = requestFacts(request({ "x-user": "ada" }, { country: "DE" }), ["x-user"]);
    expect(v.parse(RequestFacts, facts)).toEqual(facts);
  });
});
