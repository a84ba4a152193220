/** Whole sessions with handlers that do anything at all, in random order: none is wedged, and nothing of any is left. */
import { describe, expect, it } from "vitest";
import { AdditionalOutputs, CloseStream, type Emission, Warning } from "../handlers/emission.ts";
import { ReplyOnPause } from "../handlers/reply-on-pause.ts";
import { StreamEvery } from "../handlers/stream-every.ts";
import { Stream } from "../stream/stream.ts";
import { tone } from "../testing/scripted-models.ts";
import { FastRtcCall } from "./testing/fastrtc-call.ts";

const WALKS = Number(process.env["EDGERTC_SESSION_WALKS"] ?? 60);
const STEPS = 12;

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What a handler does next. `good` stops the mischief: from then on it gives audio and is done. */
function mischief(random: () => number) {
  const state: { mood: "bad" | "good" } = { mood: "bad" };
  const garbage = { samples: "none" } as unknown as Emission;
  async function* run(): AsyncGenerator<Emission> {
    for (;;) {
      if (state.mood === "good") {
        yield tone(100);
        return;
      }
      const dice = random();
      if (dice < 0.3) yield tone(20 + Math.floor(random() * 600));
      else if (dice < 0.4) yield [tone(40), new AdditionalOutputs(dice)];
      else if (dice < 0.5) yield new Warning("careful");
      else if (dice < 0.55) yield null;
      else if (dice < 0.65) yield garbage;
      else if (dice < 0.75) throw new Error("mischief");
      else if (dice < 0.85) await new Promise(() => undefined);
      else if (dice < 0.87) yield new CloseStream();
      else return;
    }
  }
  return { state, run };
}

const STREAMS = {
  ReplyOnPause: (run: () => AsyncGenerator<Emission>) =>
    new Stream(new ReplyOnPause(run, { startupFn: run, replyTimeoutMs: 1_000 }), { modality: "audio" }),
  StreamEvery: (run: () => AsyncGenerator<Emission>) =>
    new Stream(new StreamEvery(run, { streamEvery: 0.1, replyTimeoutMs: 1_000 }), { modality: "audio" }),
  "a function that sends": (run: () => AsyncGenerator<Emission>) =>
    new Stream(run, { modality: "audio", mode: "receive", replyTimeoutMs: 1_000 }),
} as const;

async function step(call: FastRtcCall, dice: number): Promise<void> {
  if (dice < 0.3) await call.sound(20 * Math.ceil(dice * 100));
  else if (dice < 0.6) await call.silence(20 * Math.ceil(dice * 60));
  else if (dice < 0.75) call.session.setInputs({});
  else if (dice < 0.8) await call.pass(dice * 2_000);
  else await trigger(call);
}

/** As a route of the app's does. Handlers that take no turns refuse. */
async function trigger(call: FastRtcCall): Promise<void> {
  try {
    call.session.triggerResponse();
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(not_a_reply_on_pause|not_connected)$/) });
  }
  await call.pass(0);
}

describe.each(Object.entries(STREAMS))("%s, whatever it does", (_, streamOf) => {
  it(`is neither deaf nor mute after ${STEPS} steps, and leaves nothing behind`, async () => {
    for (let seed = 1; seed <= WALKS; seed++) {
      const random = randomOf(seed);
      const { state, run } = mischief(random);
      const call = await FastRtcCall.start(streamOf(run));
      for (let n = 0; n < STEPS && call.ended === undefined; n++) await step(call, random());
      state.mood = "good";
      // What is under way fails or ends, and what is queued is played.
      await call.silence(3_000);
      const before = call.packetsMs.length;
      if (call.ended === undefined && call.of("end_stream").length === 0) {
        call.session.setInputs({});
        await call.sound(800);
        await call.silence(3_000);
        expect(call.packetsMs.length, `seed ${seed}`).toBeGreaterThan(before);
      }
      await call.end();
      await call.pass(40_000);
      expect([call.ended === undefined, call.clock.pending], `seed ${seed}`).toEqual([false, 0]);
    }
  });
});
