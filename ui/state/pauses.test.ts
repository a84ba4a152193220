import { expect, it } from "vitest";
import { pauseMs } from "./pauses.ts";

it("pauses grow from one second to fifteen, and no further", () => {
  expect([1, 2, 3, 9, 1_000].map(pauseMs)).toEqual([1_000, 1_500, 2_250, 15_000, 15_000]);
});
