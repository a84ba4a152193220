import { expect, it } from "vitest";
import {
  MAX_CHANNEL_MESSAGE_BURST,
  MAX_CHANNEL_MESSAGE_CHARS,
  MAX_CHANNEL_MESSAGES_PER_SECOND,
} from "../../shared/limits.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { MessageGuard } from "./message-guard.ts";

it("takes a burst, then drops what is too often, says so once, and takes messages again later", () => {
  const clock = new VirtualClock();
  const guard = new MessageGuard(clock);
  const flood = (count: number) => Array.from({ length: count }, () => guard.judge("hello"));
  expect(new Set(flood(MAX_CHANNEL_MESSAGE_BURST))).toEqual(new Set(["taken"]));
  const verdicts = flood(1_000);
  expect([verdicts[0], new Set(verdicts.slice(1))]).toEqual(["too_many_messages", new Set(["dropped"])]);
  clock.advance(1_000);
  expect(flood(1_000).filter((verdict) => verdict === "taken")).toHaveLength(MAX_CHANNEL_MESSAGES_PER_SECOND);
});

it("drops what is too large, and counts it", () => {
  const guard = new MessageGuard(new VirtualClock());
  const large = "x".repeat(MAX_CHANNEL_MESSAGE_CHARS + 1);
  expect([guard.judge(large), guard.judge(large.slice(1))]).toEqual(["message_too_large", "taken"]);
  for (let n = 0; n < MAX_CHANNEL_MESSAGE_BURST; n += 1) guard.judge(large);
  expect(guard.judge("hello")).toBe("dropped");
});
