/** One turn, or one interruption, of a real session in virtual time: what was decided when, and what was heard. */
import { ReplyOnPause, Stream } from "../../media-node/index.ts";
import { pause, TestCall, tone, VirtualClock } from "../../media-node/testing/index.ts";
import type { Models, Way } from "./ways-of-taking-turns.ts";

/** How long a reply sounds: past the end of what is said over it. */
const REPLY_MS = 12_000;
const SAMPLE_RATE = 16_000;
const PACKET_MS = 20;
/** Of it, before somebody speaks over it. */
export const BEFORE_INTERRUPTION_MS = 1_500;

/** What is said: 16 kHz. */
export interface Said {
  readonly samples: Int16Array;
  /** When the last word ends. */
  readonly endMs: number;
}

export interface TurnOutcome {
  /** From the end of the last word to the run of the function that was answered; undefined where there was none. */
  readonly decidedMs: number | undefined;
  /** To the first packet of the reply. */
  readonly firstPacketMs: number | undefined;
  /** The turn was ended before the last word was. */
  readonly cutOff: boolean;
  /** And something of a reply was heard before it. */
  readonly talkedOver: boolean;
  /** Runs of the function that nobody heard. */
  readonly wasted: number;
}

/** @param handlerMs what the function takes before it gives its first audio. */
export async function takeTurn(way: Way, models: Models, said: Said, handlerMs: number): Promise<TurnOutcome> {
  const clock = new VirtualClock();
  const runs: number[] = [];
  const handler = new ReplyOnPause(
    async function* ({ signal }) {
      runs.push(call.nowMs);
      if (handlerMs > 0) await pause(clock, handlerMs, signal);
      yield tone(200);
    },
    way.options(models, clock),
  );
  const call: TestCall = await TestCall.start(new Stream(handler, { modality: "audio" }), {
    clock,
    vad: models.vad(said.samples),
    record: false,
  });
  const fromMs = call.nowMs;
  await call.say({ sampleRate: SAMPLE_RATE, samples: said.samples });
  await call.hangUp();
  const endMs = fromMs + said.endMs;
  const ended = call.events.filter(({ message }) => message.type === "log" && message.data === "pause_detected");
  const answer = call.heard.find(({ startMs }) => startMs >= endMs);
  const decided = runs.findLast((atMs) => answer !== undefined && atMs <= answer.startMs);
  return {
    decidedMs: decided === undefined ? undefined : decided - endMs,
    firstPacketMs: answer === undefined ? undefined : answer.startMs - endMs,
    cutOff: ended.some(({ atMs }) => atMs <= endMs),
    talkedOver: call.heard.some(({ startMs }) => startMs < endMs),
    wasted: Math.max(0, runs.length - call.heard.length),
  };
}

export interface InterruptionOutcome {
  /** From the first sound to the moment when the last packet left before the reply fell silent; undefined where it did not. */
  readonly lastPacketMs: number | undefined;
  /** The reply was given up. */
  readonly interrupted: boolean;
}

/**
 * Says something over a long reply.
 * @param samples begin with {@link BEFORE_INTERRUPTION_MS} of silence.
 * @param onsetMs after that comes the first sound.
 */
export async function speakOver(
  way: Way,
  models: Models,
  samples: Int16Array,
  onsetMs: number,
): Promise<InterruptionOutcome> {
  const clock = new VirtualClock();
  const handler = new ReplyOnPause(() => tone(200), {
    ...way.options(models, clock),
    inputSampleRate: SAMPLE_RATE,
    startupFn: () => tone(REPLY_MS),
  });
  const call = await TestCall.start(new Stream(handler, { modality: "audio" }), {
    clock,
    vad: models.vad(samples),
    record: false,
  });
  const fromMs = call.nowMs + BEFORE_INTERRUPTION_MS + onsetMs;
  await call.say({ sampleRate: SAMPLE_RATE, samples });
  const stretch = call.heard.find(({ startMs, endMs }) => startMs < fromMs && endMs < call.nowMs - 20);
  const states = call.events.flatMap(({ message }) => (message.type === "turn" ? [message.data.state] : []));
  await call.hangUp();
  return {
    lastPacketMs: stretch === undefined ? undefined : stretch.endMs - PACKET_MS - fromMs,
    interrupted: states.slice(states.indexOf("bot_speaking") + 1).some((state) => state !== "listening"),
  };
}
