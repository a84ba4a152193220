import { expect, it } from "vitest";
import { EndedSessions, MAX_ENDED_SESSIONS } from "./ended-sessions.ts";

it("remembers the last sessions, and forgets the oldest beyond its bound", () => {
  const ended = new EndedSessions();
  for (let index = 0; index <= MAX_ENDED_SESSIONS; index += 1) ended.add(`c${index}`, { sid: "s", reason: "failed" });
  expect(ended.get("c0")).toBeNull();
  expect(ended.get("c1")).toEqual({ sid: "s", reason: "failed" });
});

it("is corrected by a late report of the same session only", () => {
  const ended = new EndedSessions();
  ended.add("c", { sid: "s2", reason: "ended_by_edge" });
  ended.correct("c", { sid: "s1", reason: "time_limit" });
  expect(ended.get("c")?.reason).toBe("ended_by_edge");
  ended.correct("c", { sid: "s2", reason: "time_limit" });
  expect(ended.get("c")?.reason).toBe("time_limit");
});
