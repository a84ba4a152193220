import { describe, expect, it } from "vitest";
import { streamRoutes } from "./url.ts";

describe("the routes of a stream", () => {
  it("are at the root for the default stream", () => {
    const routes = streamRoutes("", "default");
    expect(routes.config).toBe("/config");
    expect(routes.offer).toBe("/webrtc/offer");
    expect(routes.session("abc")).toBe("/sessions/abc");
  });

  it("are below the stream's name for any other", () => {
    expect(streamRoutes("", "echo").offer).toBe("/echo/webrtc/offer");
  });

  it("take a base with or without a slash at its end, and with a path", () => {
    expect(streamRoutes("https://voice.example.com/", "echo").config).toBe("https://voice.example.com/echo/config");
    expect(streamRoutes("https://example.com/rtc", "default").config).toBe("https://example.com/rtc/config");
  });

  it("never let a name or an id leave its path segment", () => {
    const routes = streamRoutes("", "a/../b?c");
    expect(routes.config).toBe("/a%2F..%2Fb%3Fc/config");
    expect(routes.session("x/y#z")).toBe("/a%2F..%2Fb%3Fc/sessions/x%2Fy%23z");
  });
});
