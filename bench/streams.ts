/** The streams that are measured: what the examples do, with limits that no benchmark meets. */
import { AsyncQueue, type AudioFrame, ReplyOnPause, Stream, StreamHandler } from "edgertc";

const many = { modality: "audio", concurrencyLimit: 1_000 } as const;

/** PCM in, the same PCM out. */
class Loopback extends StreamHandler {
  readonly #frames = new AsyncQueue<AudioFrame>();

  receive(frame: AudioFrame): void {
    this.#frames.push(frame);
  }

  emit(): AudioFrame | Promise<AudioFrame | undefined> | undefined {
    return this.#frames.next();
  }

  copy(): Loopback {
    return new Loopback();
  }

  override shutdown(): void {
    this.#frames.close();
  }
}

export const loopback = new Stream(new Loopback(), many);

/** Says back what it heard, with turn taking as it is by default. */
export const echo = new Stream(
  new ReplyOnPause(async function* ({ audio }) {
    yield audio;
  }),
  many,
);
