/** Outputs beside audio: your voice comes straight back, and twice a second a number says how loud it is. */
import { AdditionalOutputs, AsyncQueue, type AudioFrame, type Emission, output, Stream, StreamHandler } from "edgertc";

const EVERY_MS = 500;

class Meter extends StreamHandler {
  readonly #frames = new AsyncQueue<AudioFrame>();
  #ms = 0;
  #peak = 0;

  copy(): Meter {
    return new Meter();
  }

  receive(frame: AudioFrame): void {
    this.#frames.push(frame);
  }

  async emit(): Promise<Emission> {
    const frame = await this.#frames.next();
    if (frame === undefined) return undefined;
    this.#ms += (frame.samples.length / frame.sampleRate) * 1_000;
    for (const sample of frame.samples) this.#peak = Math.max(this.#peak, Math.abs(sample));
    if (this.#ms < EVERY_MS) return frame;
    const peakDb = Math.round(20 * Math.log10(Math.max(1, this.#peak) / 32_768));
    this.#ms = 0;
    this.#peak = 0;
    return [frame, new AdditionalOutputs({ peakDb })];
  }

  override shutdown(): void {
    this.#frames.close();
  }
}

export default new Stream(new Meter(), {
  modality: "audio",
  concurrencyLimit: 50,
  outputs: { loudness: output.number({ label: "Loudness", unit: "dBFS" }) },
  additionalOutputsHandler: (_shown, { peakDb }: { readonly peakDb: number }) => ({ loudness: peakDb }),
  ui: { title: "Meter", subtitle: "How loud you are, twice a second. Use headphones." },
});
