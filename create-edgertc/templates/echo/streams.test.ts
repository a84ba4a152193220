import assert from "node:assert/strict";
import { test } from "node:test";
import { TestCall } from "edgertc/testing";
import echo from "./streams.ts";

test("says back what it heard, once the caller pauses", async () => {
  const call = await TestCall.start(echo);
  await call.speak(1_000);
  assert.deepEqual(call.heard, []);
  await call.silence(2_500);
  call.repliedWithin(1_000);
  assert.equal(call.heard.length, 1);
  await call.hangUp();
});

test("falls silent when the caller speaks", async () => {
  const call = await TestCall.start(echo);
  await call.speak(3_000);
  await call.silence(1_500);
  await call.speak(700);
  call.stoppedWithin(200);
  await call.hangUp();
});
