/** Speaking over a reply on the telephone: how long the caller goes on hearing it, at the simulator, for recordings of several people. */
import { setTimeout as after } from "node:timers/promises";
import { resample } from "../media-node/audio/resample.ts";
import { PhoneCall } from "../media-node/telephone/simulator/phone-call.ts";
import { systemClock } from "../media-node/time/clock.ts";
import { TelephoneProvider } from "../shared/telephone/call-message.ts";
import { clip, concat, FIRST_WORD_MS, levelDb, silence } from "../test/support/audio.ts";
import { startMeter } from "./lib/machine.ts";
import { summarize } from "./lib/percentiles.ts";
import { atMost, type Measurement, median, type Row, type RowContext, type Scale } from "./lib/row.ts";
import { sleep } from "./lib/wait.ts";

/** Where speech begins within a window of the detector is chance: each recording is said at each of these. */
const SHIFTS_MS: readonly number[] = [0, 8, 16, 24];
const FRAME_MS = 20;
const AUDIBLE_DB = -40;
/** A reply that is heard for this long is spoken over. */
const REPLY_MS = 400;
/** A reply that is still heard after this was not interrupted. */
const WITHIN_MS = 1_500;
const POLL_MS = 20;
/** What the people say, and the replies between. */
const ESTIMATE_MS = 40_000;
/** FastRTC tells providers nothing: what they have is played to its end. */
const FASTRTC = "the whole reply";

export function telephoneRows({ quick }: Scale): Row[] {
  const names = Object.keys(FIRST_WORD_MS);
  const said = quick ? names.slice(0, 2) : names;
  return TelephoneProvider.options.map((provider) => ({
    title: `telephone · interruption · ${provider}`,
    server: "full",
    estimateMs: ESTIMATE_MS,
    measure: (context) => measure(context, provider, said),
  }));
}

async function measure(
  { server, pinning, signal }: RowContext,
  provider: TelephoneProvider,
  names: readonly string[],
): Promise<Measurement> {
  const stop = startMeter(server.pid, pinning);
  const heardOn = await Promise.all(
    SHIFTS_MS.map((shiftMs) =>
      speakOver({ url: `${server.url}/tone`, provider, clock: systemClock }, names, shiftMs, signal),
    ),
  );
  const usage = stop();
  const all = heardOn.flatMap((call) => [...call.values()]);
  const interrupted = all.filter((ms) => !Number.isNaN(ms));
  const { p95, max } = summarize(interrupted);
  const ofClip = (name: string) => summarize(heardOn.flatMap((call) => call.get(name) ?? []));
  return {
    usage,
    figures: [
      median("heard on", summarize(interrupted), { target: atMost(250), fastRtc: FASTRTC }),
      { name: "heard on, p95", value: p95, unit: "ms" },
      { name: "heard on, longest", value: max, unit: "ms" },
      { name: "not interrupted", value: all.length - interrupted.length, unit: "", target: atMost(0) },
      ...names.map((name) => median(`  ${name.replace(".wav", "")}`, ofClip(name))),
    ],
  };
}

/** One call in which each recording is said over a reply. @returns for how long each reply was heard on, from the first word. */
async function speakOver(
  options: ConstructorParameters<typeof PhoneCall>[0],
  names: readonly string[],
  shiftMs: number,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const call = new PhoneCall(options);
  const heardOn = new Map<string, number>();
  const hangUp = () => call.hangUp();
  signal.addEventListener("abort", hangUp, { once: true });
  try {
    // Before the call: the clock of what is said starts when it is said.
    const question = phoneAudio(await clip("cards-003.wav"), 0);
    const recordings = new Map<string, Int16Array>();
    for (const name of names) recordings.set(name, phoneAudio(await clip(name), shiftMs));
    await call.dial();
    await call.say(question);
    for (const [name, recording] of recordings) {
      await replyOf(call, signal);
      // A frame leaves when its last sample has been said.
      const fromMs = call.elapsedMs - FRAME_MS;
      await Promise.all([call.say(recording), after(WITHIN_MS, undefined, { signal })]);
      const wordMs = fromMs + shiftMs + (FIRST_WORD_MS[name] ?? 0);
      heardOn.set(name, lastHeardMs(call, wordMs) - wordMs);
    }
    return heardOn;
  } finally {
    signal.removeEventListener("abort", hangUp);
    call.hangUp();
  }
}

const phoneAudio = (recording: Int16Array, shiftMs: number) =>
  resample(concat(silence(shiftMs), recording), 48_000, 8_000);

const isAudible = (call: PhoneCall, frame: number) =>
  levelDb(call.heard.subarray(frame * 160, (frame + 1) * 160)) > AUDIBLE_DB;

/** Waits until a reply is heard, and has been for a while. */
async function replyOf(call: PhoneCall, signal: AbortSignal): Promise<void> {
  const frames = REPLY_MS / FRAME_MS;
  const isHeard = () => {
    const last = call.elapsedMs / FRAME_MS;
    return Array.from({ length: frames }, (_, i) => last - 1 - i).every(
      (frame) => frame >= 0 && isAudible(call, frame),
    );
  };
  while (!isHeard()) await sleep(POLL_MS, signal);
}

/** NaN where it was heard all the time. */
function lastHeardMs(call: PhoneCall, fromMs: number): number {
  const end = Math.floor((fromMs + WITHIN_MS) / FRAME_MS) - 10;
  let last = end;
  while (last > 0 && !isAudible(call, last)) last -= 1;
  return last === end ? Number.NaN : (last + 1) * FRAME_MS;
}
