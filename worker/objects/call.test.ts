import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createApp } from "../app.ts";
import { callObject, isOlder, isReset } from "./call.ts";

const failure = (flags: object) => Object.assign(new Error("failed"), flags);

it("tells a reset from a fault, and never calls an overloaded object again", () => {
  expect(isReset(failure({ durableObjectReset: true }))).toBe(true);
  expect(isReset(failure({ retryable: true }))).toBe(true);
  expect(isReset(failure({ retryable: true, overloaded: true }))).toBe(false);
  expect(isReset(failure({ remote: true }))).toBe(false);
  expect(isReset("retryable")).toBe(false);
});

it("calls up to twice more after resets, and not after a fault", async () => {
  let calls = 0;
  const failing = (times: number, error: Error) => async () => {
    calls += 1;
    if (calls <= times) throw error;
    return calls;
  };
  expect(await callObject(failing(1, failure({ durableObjectReset: true })))).toBe(2);
  calls = 0;
  expect(await callObject(failing(2, failure({ retryable: true })))).toBe(3);
  calls = 0;
  await expect(callObject(failing(3, failure({ retryable: true })))).rejects.toThrow("failed");
  expect(calls).toBe(3);
  calls = 0;
  await expect(callObject(failing(1, failure({})))).rejects.toThrow("failed");
  expect(calls).toBe(1);
});

it("knows an object that runs the release before, which lacks a method", () => {
  // workerd's words; there is no flag.
  const error = new TypeError('The RPC receiver does not implement the method "next".');
  expect([isOlder(error), isReset(error)]).toEqual([true, false]);
  expect(isOlder(new TypeError("x is not a function"))).toBe(false);
});

it("is refused as restarting where repeating did not help", async () => {
  const app = createApp();
  const broken = { getByName: () => ({ list: () => Promise.reject(failure({ durableObjectReset: true })) }) };
  const response = await app.request("/streams", {}, { ...env, DIRECTORY: broken });
  expect([response.status, await response.json()]).toMatchObject([
    503,
    { meta: { error: "edge_restarting", retryable: true } },
  ]);
});
