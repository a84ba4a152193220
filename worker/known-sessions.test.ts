import { expect, it } from "vitest";
import { KNOWN_SESSION_MS, KnownSessions, MAX_KNOWN_SESSIONS } from "./known-sessions.ts";

it("knows a session for a while, under its own stream only, and a bounded number of them", () => {
  let nowMs = 1;
  const known = new KnownSessions(() => nowMs);
  known.add("a", "x");
  expect([known.has("a", "x"), known.has("b", "x"), known.has("a", "y")]).toEqual([true, false, false]);
  for (let index = 1; index < MAX_KNOWN_SESSIONS; index += 1) known.add("a", `c${index}`);
  expect(known.has("a", "x")).toBe(true);
  known.add("a", "one too many");
  expect(known.has("a", "x")).toBe(false);
  nowMs += KNOWN_SESSION_MS;
  expect(known.has("a", "one too many")).toBe(false);
});
