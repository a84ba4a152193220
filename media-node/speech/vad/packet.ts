/**
 * What the VAD engine and its thread send each other: many sessions' windows in one block of memory, which goes back
 * and forth. Each window has a word (its slot on the way there, its probability on the way back) and its samples,
 * with the end of the window before it.
 */

/** Samples of a window: 32 ms at 16 kHz, what Silero takes. */
export const WINDOW_SAMPLES = 512;
/** Silero sees the end of the window before, too. */
export const CONTEXT_SAMPLES = 64;
/** What is sent of a window: its context, and itself. */
export const INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES;
export const VAD_SAMPLE_RATE = 16_000;

/** Set in a window's word: the session starts here, forget what its slot has heard. */
export const RESET_BIT = 0x4000_0000;

const WORD_BYTES = 4;

export interface Packet {
  readonly buffer: ArrayBuffer;
  /** Windows that `buffer` has room for. */
  readonly capacity: number;
  /** Windows in it, first to last. */
  readonly count: number;
}

/** The parts of a packet's buffer. */
export interface PacketView {
  readonly slots: Int32Array;
  /** The same memory as `slots`. */
  readonly probabilities: Float32Array;
  readonly samples: Int16Array;
}

export function newPacketBuffer(capacity: number): ArrayBuffer {
  return new ArrayBuffer(capacity * (WORD_BYTES + 2 * INPUT_SAMPLES));
}

export function viewPacket(buffer: ArrayBuffer, capacity: number): PacketView {
  return {
    slots: new Int32Array(buffer, 0, capacity),
    probabilities: new Float32Array(buffer, 0, capacity),
    samples: new Int16Array(buffer, capacity * WORD_BYTES, capacity * INPUT_SAMPLES),
  };
}

/** Structural check of what came over the thread boundary. */
export function isPacket(message: unknown): message is Packet {
  return (
    typeof message === "object" && message !== null && "buffer" in message && message.buffer instanceof ArrayBuffer
  );
}
