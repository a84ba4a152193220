/** The beginning of every engine's thread: what it was started with. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import * as v from "valibot";
import { NativeGate } from "./native-gate.ts";

const Start = v.object({ gate: v.instance(SharedArrayBuffer), data: v.unknown() });

export interface WorkerStart {
  readonly port: MessagePort;
  /** All native code runs inside it. */
  readonly gate: NativeGate;
  /** The engine's own. */
  readonly data: unknown;
}

/** @throws Error outside a thread started by an EngineThread. */
export function workerStart(): WorkerStart {
  if (parentPort === null) throw new Error("This file is a worker thread's.");
  const { gate, data } = v.parse(Start, workerData);
  return { port: parentPort, gate: new NativeGate(gate), data };
}
