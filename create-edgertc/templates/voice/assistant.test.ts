import assert from "node:assert/strict";
import { test } from "node:test";
import { scriptedLlm, scriptedStt, scriptedTts, TestCall, VirtualClock } from "edgertc/testing";
import { assistant } from "./assistant.ts";

test("answers soon, and remembers the conversation", async () => {
  const clock = new VirtualClock();
  const stt = scriptedStt(["What time is it?", "Thanks."], { clock });
  const llm = scriptedLlm(["It is noon.", "You are welcome."], { clock });
  const call = await TestCall.start(assistant({ stt, llm, tts: scriptedTts({ clock }) }), { clock });

  await call.speak(1_200);
  await call.silence(3_000);
  call.understood("What time is it?");
  call.said("It is noon.");
  call.repliedWithin(1_500);

  await call.speak(700);
  await call.silence(3_000);
  call.said("You are welcome.");
  assert.deepEqual(
    llm.asked[1]?.map(({ content }) => content),
    ["What time is it?", "It is noon.", "Thanks."],
  );
  await call.hangUp();
});

test("falls silent when the caller speaks, and keeps what was heard", async () => {
  const clock = new VirtualClock();
  const stt = scriptedStt(["Tell me a story.", "Stop."], { clock });
  const llm = scriptedLlm(["Once upon a time there was a king. He had a very long name.", "Of course."], { clock });
  const call = await TestCall.start(assistant({ stt, llm, tts: scriptedTts({ clock }) }), { clock });

  await call.speak(1_200);
  await call.silence(2_500);
  await call.speak(700);
  call.stoppedWithin(200);
  assert(call.interruptedAt() > 500);
  await call.silence(3_000);
  call.said("Of course.");
  await call.hangUp();
});

test("a call goes on when a model fails", async () => {
  const clock = new VirtualClock();
  const stt = scriptedStt([new Error("overloaded"), "Still there?"], { clock });
  const call = await TestCall.start(assistant({ stt, llm: null, tts: scriptedTts({ clock }) }), { clock });

  await call.speak(1_000);
  await call.silence(2_000);
  assert.equal(call.failures.length, 1);
  await call.speak(1_000);
  await call.silence(3_000);
  call.said("You said: Still there?");
  await call.hangUp();
});
