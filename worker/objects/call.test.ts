import { expect, it } from "vitest";
import { callObject, isReset } from "./call.ts";

const failure = (flags: object) => Object.assign(new Error("failed"), flags);

it("tells a reset from a fault, and never calls an overloaded object again", () => {
  expect(isReset(failure({ durableObjectReset: true }))).toBe(true);
  expect(isReset(failure({ retryable: true }))).toBe(true);
  expect(isReset(failure({ retryable: true, overloaded: true }))).toBe(false);
  expect(isReset(failure({ remote: true }))).toBe(false);
  expect(isReset("retryable")).toBe(false);
});

it("calls once more after a reset, and not after a fault", async () => {
  let calls = 0;
  const call = (error: Error) => async () => {
    calls += 1;
    if (calls === 1) throw error;
    return calls;
  };
  expect(await callObject(call(failure({ durableObjectReset: true })))).toBe(2);
  calls = 0;
  await expect(callObject(call(failure({})))).rejects.toThrow("failed");
  expect(calls).toBe(1);
});
