import { expect, it } from "vitest";
import { findingOf } from "./check-video.ts";

it("says which codecs there are, and warns of a library that cannot be used", () => {
  expect(findingOf({ h264State: "usable", h264: "OpenH264 2.3.1 (/lib/a.so)" })).toMatchObject({
    level: "ok",
    what: "VP8, and H.264 by OpenH264 2.3.1 (/lib/a.so).",
  });
  expect(findingOf({ h264State: "off", h264: "no OpenH264 was found" }).level).toBe("ok");
  expect(findingOf({ h264State: "broken", h264: "/lib/a.so cannot be used: SIGSEGV" })).toMatchObject({
    level: "warning",
    why: "/lib/a.so cannot be used: SIGSEGV.",
  });
});
