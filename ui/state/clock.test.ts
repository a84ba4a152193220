import { expect, it } from "vitest";
import { minutesAndSeconds } from "./clock.ts";

it("shows minutes and seconds, rounded up", () => {
  expect(minutesAndSeconds(300_000)).toBe("5:00");
  expect(minutesAndSeconds(61_001)).toBe("1:02");
  expect(minutesAndSeconds(900)).toBe("0:01");
  expect(minutesAndSeconds(0)).toBe("0:00");
  expect(minutesAndSeconds(-5)).toBe("0:00");
});
