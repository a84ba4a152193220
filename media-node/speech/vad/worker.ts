/** The VAD thread: runs Silero over the windows of all sessions at once, and keeps what it has heard of each. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { CLOSE, READY } from "../engine-thread.ts";
import { workerStart } from "../worker-start.ts";
import { INPUT_SAMPLES, isPacket, type Packet, viewPacket } from "./packet.ts";
import { RunPlan } from "./run-plan.ts";
import { SileroSession, STATE_SIZE } from "./silero-session.ts";

/** What the thread is started with. */
const Data = v.object({ model: v.string() });

const { port, gate, data } = workerStart();
const silero = await SileroSession.load(readFileSync(v.parse(Data, data).model), gate);
/** What each slot's session has said so far, as Silero remembers it. One for each slot in use; one that is used anew comes with a reset. */
const memories: Float32Array[] = [];

async function run(plan: RunPlan, samples: Int16Array, out: Float32Array): Promise<void> {
  const { windows, state, stateN, output } = silero;
  windows.set(samples);
  for (const [at, { slot, startsAnew }] of plan.sequences.entries()) {
    const memory = startsAnew ? undefined : memories[slot];
    if (memory === undefined) state.fill(0, at * STATE_SIZE, (at + 1) * STATE_SIZE);
    else state.set(memory, at * STATE_SIZE);
  }
  await silero.run(plan);
  // Where a slot comes twice, the later one is what is kept.
  for (const [at, sequence] of plan.sequences.entries()) {
    for (const [step, window] of sequence.windows.entries()) out[window] = output[step * plan.sessions + at] ?? 0;
    memories[sequence.slot] ??= new Float32Array(STATE_SIZE);
    memories[sequence.slot]?.set(stateN.subarray(at * STATE_SIZE, (at + 1) * STATE_SIZE));
  }
}

async function answer({ buffer, capacity, count }: Packet): Promise<void> {
  const { slots, probabilities, samples } = viewPacket(buffer, capacity);
  const words = slots.slice(0, count);
  for (let from = 0; from < count; ) {
    const plan = new RunPlan();
    while (from + plan.windows < count && plan.add(words[from + plan.windows] ?? 0));
    const to = from + plan.windows;
    await run(plan, samples.subarray(from * INPUT_SAMPLES, to * INPUT_SAMPLES), probabilities.subarray(from, to));
    from = to;
  }
  port.postMessage({ buffer, capacity, count } satisfies Packet, [buffer]);
}

// The engine sends the next packet only after the answer to this one. An error ends the thread, and is reported there.
port.on("message", (message: unknown) => {
  if (message === CLOSE) port.close();
  else if (isPacket(message)) void answer(message);
});
port.postMessage(READY);
