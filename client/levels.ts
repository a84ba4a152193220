/** How loud both sides are, measured on the animation frames of the page with one AudioContext. Loaded only where somebody looks. */

/** Loudness of both sides, each from 0 (silence) to 1 (as loud as speech gets). */
export interface Levels {
  readonly input: number;
  readonly output: number;
}

/** Samples looked at per frame: 21 ms at 48 kHz, a little more than a frame of the page. */
const WINDOW_SAMPLES = 1024;

/** The range that is shown: below is room noise, above is shouting. */
const FLOOR_DBFS = -52;
const CEILING_DBFS = -12;

/** Share of a fall that is followed per frame, so that a level sinks more slowly than it rises. */
const RELEASE = 0.18;

/** Loudness on the scale of {@link Levels}. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const dbfs = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, (dbfs - FLOOR_DBFS) / (CEILING_DBFS - FLOOR_DBFS)));
}

/** The next shown level: rises at once, falls gently. */
export function follow(shown: number, measured: number): number {
  return measured >= shown ? measured : shown + (measured - shown) * RELEASE;
}

export class LevelMeter {
  readonly #context: AudioContext;
  readonly #samples = new Float32Array(WINDOW_SAMPLES);
  readonly #onLevels: (levels: Levels) => void;
  #input: Probe | undefined;
  #output: Probe | undefined;
  #levels: Levels = { input: 0, output: 0 };
  #frame = 0;

  /** @param context its own from now on. To be made in a user gesture, where it may run. */
  constructor(context: AudioContext, onLevels: (levels: Levels) => void) {
    this.#context = context;
    this.#onLevels = onLevels;
    this.#frame = requestAnimationFrame(this.#tick);
  }

  /** @param track null: silence. */
  watchInput(track: MediaStreamTrack | null): void {
    this.#input?.close();
    this.#input = track === null ? undefined : new Probe(this.#context, new MediaStream([track]));
  }

  watchOutput(stream: MediaStream): void {
    this.#output?.close();
    this.#output = new Probe(this.#context, stream);
  }

  /** Lets a context run that the browser held back; to be called in a user gesture. */
  async resume(): Promise<void> {
    if (this.#context.state === "suspended") await this.#context.resume();
  }

  async close(): Promise<void> {
    cancelAnimationFrame(this.#frame);
    this.#input?.close();
    this.#output?.close();
    if (this.#context.state !== "closed") await this.#context.close();
  }

  #tick = (): void => {
    this.#levels = {
      input: follow(this.#levels.input, this.#input?.loudness(this.#samples) ?? 0),
      output: follow(this.#levels.output, this.#output?.loudness(this.#samples) ?? 0),
    };
    this.#onLevels(this.#levels);
    this.#frame = requestAnimationFrame(this.#tick);
  };
}

/** One stream under the meter. */
class Probe {
  readonly #source: MediaStreamAudioSourceNode;
  readonly #analyser: AnalyserNode;

  constructor(context: AudioContext, stream: MediaStream) {
    this.#source = context.createMediaStreamSource(stream);
    this.#analyser = new AnalyserNode(context, { fftSize: WINDOW_SAMPLES });
    this.#source.connect(this.#analyser);
  }

  loudness(samples: Float32Array<ArrayBuffer>): number {
    this.#analyser.getFloatTimeDomainData(samples);
    return loudness(samples);
  }

  close(): void {
    this.#source.disconnect();
  }
}
