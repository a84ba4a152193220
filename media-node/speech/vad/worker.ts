/** The VAD thread: runs Silero over the windows of all sessions at once, and keeps what it has heard of each. */
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { CLOSE, READY } from "../engine-thread.ts";
import { workerStart } from "../worker-start.ts";
import { isPacket, type Packet, RESET_BIT, viewPacket, WINDOW_SAMPLES } from "./packet.ts";
import { CONTEXT_SAMPLES, INPUT_SAMPLES, MAX_BATCH, SileroSession, STATE_SIZE } from "./silero-session.ts";

const INT16_SCALE = 1 / 32_768;

/** What the thread is started with. */
const Data = v.object({ model: v.string() });

/** What a slot's session has said so far, as Silero remembers it. */
interface Memory {
  readonly context: Float32Array;
  readonly hidden: Float32Array;
  readonly cell: Float32Array;
}

const { port, gate, data } = workerStart();
const silero = await SileroSession.load(readFileSync(v.parse(Data, data).model), gate);
/** One for each slot in use; a slot that is used anew comes with a reset. */
const memories: Memory[] = [];

function memoryOf(word: number): Memory {
  const slot = word & ~RESET_BIT;
  let memory = memories[slot];
  if (memory === undefined) {
    memory = {
      context: new Float32Array(CONTEXT_SAMPLES),
      hidden: new Float32Array(STATE_SIZE),
      cell: new Float32Array(STATE_SIZE),
    };
    memories[slot] = memory;
  } else if ((word & RESET_BIT) !== 0) {
    memory.context.fill(0);
    memory.hidden.fill(0);
    memory.cell.fill(0);
  }
  return memory;
}

/** Splits a packet into runs in which no session comes twice, since each window needs the state of the one before. */
function runsOf(slots: Int32Array): number[][] {
  const runs: number[][] = [];
  const next = new Map<number, number>();
  for (const [index, word] of slots.entries()) {
    const slot = word & ~RESET_BIT;
    let at = next.get(slot) ?? 0;
    while ((runs[at]?.length ?? 0) >= MAX_BATCH) at++;
    const run = runs[at];
    if (run === undefined) runs.push([index]);
    else run.push(index);
    next.set(slot, at + 1);
  }
  return runs;
}

async function run(
  indices: readonly number[],
  slots: Int32Array,
  samples: Int16Array,
  out: Float32Array,
): Promise<void> {
  const { input, state, output, stateN } = silero;
  const batch = indices.length;
  const batchMemories = indices.map((index) => memoryOf(slots[index] ?? 0));
  for (const [row, memory] of batchMemories.entries()) {
    const from = (indices[row] ?? 0) * WINDOW_SAMPLES;
    const to = row * INPUT_SAMPLES;
    input.set(memory.context, to);
    for (let i = 0; i < WINDOW_SAMPLES; i++) {
      input[to + CONTEXT_SAMPLES + i] = (samples[from + i] as number) * INT16_SCALE;
    }
    memory.context.set(input.subarray(to + WINDOW_SAMPLES, to + INPUT_SAMPLES));
    state.set(memory.hidden, row * STATE_SIZE);
    state.set(memory.cell, (batch + row) * STATE_SIZE);
  }
  await silero.run(batch);
  for (const [row, memory] of batchMemories.entries()) {
    out[indices[row] ?? 0] = output[row] ?? 0;
    memory.hidden.set(stateN.subarray(row * STATE_SIZE, (row + 1) * STATE_SIZE));
    memory.cell.set(stateN.subarray((batch + row) * STATE_SIZE, (batch + row + 1) * STATE_SIZE));
  }
}

async function answer({ buffer, capacity, count }: Packet): Promise<void> {
  const { slots, probabilities, samples } = viewPacket(buffer, capacity);
  const words = slots.slice(0, count);
  const results = new Float32Array(count);
  for (const indices of runsOf(words)) await run(indices, words, samples, results);
  probabilities.set(results);
  port.postMessage({ buffer, capacity, count } satisfies Packet, [buffer]);
}

// The engine sends the next packet only after the answer to this one. An error ends the thread, and is reported there.
port.on("message", (message: unknown) => {
  if (message === CLOSE) port.close();
  else if (isPacket(message)) void answer(message);
});
port.postMessage(READY);
