import { describe, expect, it } from "vitest";
import { isHostedNotebook, isPublicHost } from "./public-host.ts";

describe("isPublicHost", () => {
  it.each([
    "edge.example.com",
    "edgertc.example.workers.dev",
    "203.0.113.7",
    "0.0.0.0",
    "::",
    "[2001:db8::1]",
    "8.8.8.8",
  ])("%s can be reached from elsewhere", (host) => expect(isPublicHost(host)).toBe(true));

  it.each(["localhost", "127.0.0.1", "[::1]", "::1", "192.168.1.5", "10.0.0.1", "172.31.0.1", "100.64.1.1", "fe80::1"])(
    "%s cannot",
    (host) => expect(isPublicHost(host)).toBe(false),
  );

  it.each(["mybox", "mybox.local", "edge.internal", "app.test"])("%s is a local name", (host) =>
    expect(isPublicHost(host)).toBe(false),
  );
});

it("knows the platforms whose address is public whatever is listened on", () => {
  expect(isHostedNotebook({ SPACE_ID: "me/space" })).toBe(true);
  expect(isHostedNotebook({ COLAB_RELEASE_TAG: "release" })).toBe(true);
  expect(isHostedNotebook({ SPACE_ID: "", PATH: "/bin" })).toBe(false);
});
