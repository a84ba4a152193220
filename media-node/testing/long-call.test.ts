/** An hour on the line, in virtual time: whatever a session keeps, it does not keep more and more of it. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { AdditionalOutputs } from "../handlers/emission.ts";
import { ReplyOnPause } from "../handlers/reply-on-pause.ts";
import { Stream } from "../stream/stream.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { pause, tone } from "./scripted-models.ts";
import { TestCall } from "./test-call.ts";

const MINUTE_MS = 60_000;
const CALL_MINUTES = 60;
/** Measured so often: the collector leaves something behind now and then, so the least of each half counts. */
const MEASURED_EVERY_MINUTES = 10;
/** In half an hour. One leaked frame of 20 ms a second would be 1.2 MB, one leaked object a packet 5 MB. */
const MAX_GROWTH_BYTES = 700_000;

/** Asks, is answered, interrupts, is answered, says nothing. */
async function turns(call: TestCall): Promise<void> {
  await call.speak(1_400);
  await call.silence(2_500);
  await call.speak(900);
  await call.silence(3_200);
  await call.send('{"type":"note"}');
  await call.silence(2_000);
}

it(
  "keeps as much memory at the end of an hour as at its beginning",
  async () => {
    const collect = garbageCollector();
    const clock = new VirtualClock();
    const prototype = new ReplyOnPause(
      async function* ({ history, signal }) {
        history.user("A question that is not short, as questions go.");
        await pause(clock, 200, signal);
        yield new AdditionalOutputs({ asked: history.messages.length });
        for (let sentence = 0; sentence < 2; sentence++) yield { ...tone(1_100), text: "An answer, in a sentence." };
      },
      { inputSampleRate: 16_000 },
    );
    const call = await TestCall.start(new Stream(prototype, { modality: "audio" }), { clock, record: false });
    const heapBytes: number[] = [];
    for (let minute = MEASURED_EVERY_MINUTES; minute <= CALL_MINUTES; minute += MEASURED_EVERY_MINUTES) {
      while (call.nowMs < minute * MINUTE_MS) await turns(call);
      collect();
      await call.pass(0);
      collect();
      heapBytes.push(process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers);
    }
    console.log(`heap after each ten minutes: ${heapBytes.map((bytes) => (bytes / 1e6).toFixed(2)).join(", ")} MB`);
    expect(call.errors).toEqual([]);
    expect(call.heard.length).toBeGreaterThan(300);
    await call.hangUp();
    const half = heapBytes.length / 2;
    const grownBytes = Math.min(...heapBytes.slice(half)) - Math.min(...heapBytes.slice(0, half));
    expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES);
  },
  5 * MINUTE_MS,
);

function garbageCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}
