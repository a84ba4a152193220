import { expect, it } from "vitest";
import { ResponseTime } from "./response-time.ts";

const [speech, quiet, answer] = [
  { input: 0.4, output: 0 },
  { input: 0.01, output: 0 },
  { input: 0.01, output: 0.3 },
];

it("is from the last sound in to the first sound out, once for each answer", () => {
  const time = new ResponseTime();
  time.push(answer, 0);
  expect(time.latestMs).toBeNull();
  for (const atMs of [1_000, 1_016, 1_032]) time.push(speech, atMs);
  time.push(quiet, 1_500);
  time.push(answer, 1_732);
  time.push(answer, 1_748);
  expect(time.latestMs).toBe(700);
  time.push(quiet, 2_000);
  time.push(answer, 9_000);
  expect(time.latestMs).toBe(700);
});

it("is no echo, and nothing that comes long after", () => {
  const time = new ResponseTime();
  time.push(speech, 0);
  time.push(answer, 40);
  time.push(quiet, 100);
  time.push(answer, 20_000);
  expect(time.latestMs).toBeNull();
});
