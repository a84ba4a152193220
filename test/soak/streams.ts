/** What the soak calls: one stream with twenty lines that says back what it hears. */
import { AsyncQueue, type AudioFrame, Stream, StreamHandler } from "edgertc";

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

export const soak = new Stream(new Loopback(), { modality: "audio", concurrencyLimit: 20 });
