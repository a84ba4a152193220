/**
 * What runs on the browser's audio thread: a microphone's samples in frames of 20 ms, and a queue that is played. It is a text,
 * because a module of its own would need every application's bundler to know of it, and a function's own text is not what was
 * written once a bundler has had it.
 */

/** Names of the two processors. */
export const CAPTURE = "edgertc-capture";
export const PLAYBACK = "edgertc-playback";

/** Of the playback processor's `processorOptions`. */
export interface PlaybackOptions {
  /** Milliseconds kept back before anything is played, so that what comes late is not missed. */
  readonly prefillMs: number;
  /** Milliseconds queued at most; past it the oldest goes. */
  readonly limitMs: number;
}

/** To the capture processor: its microphone is not listened to any more, and it may go. */
export const STOP = "stop";

/** To the playback processor: samples to be played, or to forget all that are not played yet. */
export type PlaybackMessage = Float32Array | "clear";

export const WORKLET_SOURCE = `
registerProcessor("${CAPTURE}", class extends AudioWorkletProcessor {
  #frame = new Float32Array(Math.round(sampleRate / 50));
  #length = 0;
  #open = true;
  constructor() {
    super();
    this.port.onmessage = () => (this.#open = false);
  }
  process([[channel]]) {
    for (let i = 0; i < (channel?.length ?? 0); i++) {
      this.#frame[this.#length++] = channel[i];
      if (this.#length < this.#frame.length) continue;
      this.port.postMessage(this.#frame);
      this.#length = 0;
    }
    return this.#open;
  }
});
registerProcessor("${PLAYBACK}", class extends AudioWorkletProcessor {
  #pieces = [];
  #offset = 0;
  #queued = 0;
  #state = "filling";
  #waited = 0;
  #prefill;
  #limit;
  constructor({ processorOptions: { prefillMs, limitMs } }) {
    super();
    this.#prefill = (prefillMs * sampleRate) / 1000;
    this.#limit = (limitMs * sampleRate) / 1000;
    this.port.onmessage = ({ data }) => data === "clear" ? this.#clear() : this.#push(data);
  }
  #clear() {
    this.#pieces = [];
    this.#offset = this.#queued = this.#waited = 0;
    this.#state = "filling";
  }
  #push(piece) {
    this.#pieces.push(piece);
    this.#queued += piece.length;
    while (this.#queued > this.#limit && this.#pieces.length > 1) {
      this.#queued -= this.#pieces.shift().length - this.#offset;
      this.#offset = 0;
    }
  }
  process(_, [[out]]) {
    if (this.#state === "filling") {
      if (this.#queued > 0) this.#waited += out.length;
      if (this.#queued < this.#prefill && this.#waited < this.#prefill) return true;
      this.#state = "playing";
    }
    for (let i = 0; i < out.length; i++) {
      const piece = this.#pieces[0];
      if (piece === undefined) {
        this.#clear();
        return true;
      }
      out[i] = piece[this.#offset++];
      this.#queued--;
      if (this.#offset < piece.length) continue;
      this.#pieces.shift();
      this.#offset = 0;
    }
    return true;
  }
});
`;
