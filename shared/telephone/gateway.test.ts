import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { GatewayHost, RegisterRequest, UnregisterRequest } from "./gateway.ts";

describe("a host that calls are sent to", () => {
  it.each([
    ["abc.gradio.live", "abc.gradio.live"],
    ["https://Edge.Example.com/Echo/", "edge.example.com/Echo"],
    ["edge.example/voice/echo", "edge.example/voice/echo"],
  ])("%s is one", (text, host) => {
    expect(v.parse(GatewayHost, text)).toBe(host);
  });

  it.each([
    "",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "http://edge.example",
    "edge.example:8787",
    "user@edge.example",
    "edge.example/a?b=c",
    "edge.example/../x",
    "edge.example/a//b",
    "edge..example",
    '"/><Dial>',
    `${"a".repeat(600)}.example`,
  ])("%s is none", (text) => {
    expect(v.is(GatewayHost, text)).toBe(false);
  });
});

it("FastRTC's client registers with its host, and gives the code back as text or number", () => {
  expect(v.parse(RegisterRequest, { url: "abc.gradio.live" })).toEqual({ url: "abc.gradio.live" });
  expect(v.parse(RegisterRequest, { stream: "echo" })).toEqual({ stream: "echo" });
  expect(v.is(RegisterRequest, {})).toBe(false);
  expect(v.parse(UnregisterRequest, { url: "abc.gradio.live", code: "012345" })).toEqual({ code: "012345" });
  expect(v.parse(UnregisterRequest, { code: 12_345 })).toEqual({ code: "012345" });
  expect(v.is(UnregisterRequest, { code: "12345" })).toBe(false);
});
