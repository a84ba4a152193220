import { expect, it } from "vitest";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { warmUpSessions } from "./warm-up-sessions.ts";

it("a session warms up with a caller who hears three sentences again, and leaves nothing behind", async () => {
  // 1.6 s of speech each, and what belongs to it before and after: between 80 and 110 packets.
  const clock = new VirtualClock();
  const packets = await warmUpSessions(clock);
  expect(packets).toBeGreaterThan(3 * 80);
  expect(packets).toBeLessThan(3 * 110);
  expect(clock.pending).toBe(0);
});
