/** Sees and hears, shows and speaks: a mirror that repeats what was said half a second later, with its loudness as a bar. */
import { AsyncQueue, type AudioFrame, AudioVideoStreamHandler, Stream, toInt16, type VideoFrame } from "edgertc";

const DELAY_FRAMES = 25;

class Mirror extends AudioVideoStreamHandler {
  readonly #frames = new AsyncQueue<VideoFrame>(1);
  readonly #heard: AudioFrame[] = [];
  readonly #audio = new AsyncQueue<AudioFrame>();
  #loudness = 0;

  override videoReceive(frame: VideoFrame): void {
    const mirrored = frame.flipX();
    const { data, width, height } = mirrored;
    for (let y = height - 16; y < height; y++) data.fill(220, y * width * 3, (y * width + width * this.#loudness) * 3);
    this.#frames.push(mirrored);
  }

  override videoEmit() {
    return this.#frames.next();
  }

  override receive(frame: AudioFrame): void {
    const loudest = toInt16(frame.samples).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    this.#loudness = Math.max(loudest / 32_768, this.#loudness * 0.9);
    this.#heard.push(frame);
    if (this.#heard.length > DELAY_FRAMES) this.#audio.push(this.#heard.shift() ?? frame);
  }

  override emit() {
    return this.#audio.next();
  }

  override copy(): Mirror {
    return new Mirror();
  }
}

export default new Stream(new Mirror(), {
  modality: "audio-video",
  concurrencyLimit: 2,
  ui: { title: "Mirror", subtitle: "It shows you, and says what you said." },
});
