/**
 * Keeps a process from ending in the middle of native code of one of its threads: `process.exit` stops threads where
 * they are, and ONNX Runtime, stopped in a run, aborts the whole process with a signal instead of its exit code.
 */

const INSIDE = 0;
const SHUT = 1;

/** Longest that an ending process waits: far more than a run takes. */
const SHUT_TIMEOUT_MS = 3_000;

export class NativeGate {
  /** Shared by both sides: give it to the thread. */
  readonly memory: SharedArrayBuffer;
  readonly #flags: Int32Array;

  /** @param memory the other side's; default is a new gate. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#flags = new Int32Array(memory);
  }

  /** The thread's side: runs native code. One at a time. @throws Error once the gate is shut. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    Atomics.store(this.#flags, INSIDE, 1);
    try {
      if (Atomics.load(this.#flags, SHUT) === 1) throw new Error("The process is ending.");
      return await work();
    } finally {
      Atomics.store(this.#flags, INSIDE, 0);
      Atomics.notify(this.#flags, INSIDE);
    }
  }

  /** The main thread's side, when the process ends: lets nothing more in, and blocks until nothing is inside. */
  shut(): void {
    Atomics.store(this.#flags, SHUT, 1);
    Atomics.wait(this.#flags, INSIDE, 1, SHUT_TIMEOUT_MS);
  }
}
