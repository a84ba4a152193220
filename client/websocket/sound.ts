/** A call's sound where no peer connection carries it: microphone to frames of samples, samples to a stream that can be played. */
import { CallError } from "../errors.ts";
import { Resampler } from "./resampler.ts";
import { CAPTURE, PLAYBACK, type PlaybackMessage, type PlaybackOptions, STOP, WORKLET_SOURCE } from "./worklet.ts";

/** The node sends a little ahead of time; this is for what the network adds. */
const PREFILL_MS = 60;
/** Sent in real time, no more than moments can wait here. A device that sleeps may find more. */
const QUEUE_LIMIT_MS = 10_000;

export interface SoundRates {
  /** Samples per second of the frames given out. */
  readonly input: number;
  /** Samples per second of what is played. */
  readonly output: number;
}

export class Sound {
  readonly #context: AudioContext;
  readonly #playback: AudioWorkletNode;
  readonly #toContext: Resampler;
  readonly #rates: SoundRates;
  readonly #onFrame: (samples: Float32Array) => void;
  readonly #waiting = new AbortController();
  #capture: { readonly source: MediaStreamAudioSourceNode; readonly node: AudioWorkletNode } | undefined;
  /** What is heard. */
  readonly stream: MediaStream;

  private constructor(context: AudioContext, rates: SoundRates, onFrame: (samples: Float32Array) => void) {
    this.#context = context;
    this.#rates = rates;
    this.#onFrame = onFrame;
    this.#toContext = new Resampler(rates.output, context.sampleRate);
    const options: PlaybackOptions = { prefillMs: PREFILL_MS, limitMs: QUEUE_LIMIT_MS };
    this.#playback = new AudioWorkletNode(context, PLAYBACK, {
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions: options,
    });
    const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    this.#playback.connect(destination);
    this.stream = destination.stream;
  }

  /**
   * @param onFrame a microphone's next 20 ms.
   * @throws CallError `insecure_context` where the browser gives a page no audio thread.
   */
  static async open(rates: SoundRates, onFrame: (samples: Float32Array) => void): Promise<Sound> {
    const context = new AudioContext({ latencyHint: "interactive" });
    const url = URL.createObjectURL(new Blob([WORKLET_SOURCE], { type: "text/javascript" }));
    try {
      if (context.audioWorklet === undefined) throw new CallError("insecure_context");
      await context.audioWorklet.addModule(url);
      return new Sound(context, rates, onFrame);
    } catch (error) {
      await context.close();
      throw error;
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  /** Takes this microphone from now on. */
  listen(track: MediaStreamTrack): void {
    this.#unlisten();
    const fromContext = new Resampler(this.#context.sampleRate, this.#rates.input);
    const source = this.#context.createMediaStreamSource(new MediaStream([track]));
    const node = new AudioWorkletNode(this.#context, CAPTURE, {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    this.#capture = { source, node };
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
      if (this.#capture?.node === node) this.#onFrame(fromContext.process(data));
    };
    source.connect(node);
  }

  play(samples: Float32Array): void {
    this.#tell(this.#toContext.process(samples));
  }

  /** What is not played yet is dropped. */
  clear(): void {
    this.#tell("clear");
  }

  /** Whether the browser waits for a click. */
  get suspended(): boolean {
    return this.#context.state === "suspended";
  }

  /** Begins with whatever the browser takes for the person's wish to hear something, as playback.ts does. */
  resumeWithGesture(): void {
    const onGesture = (): void => {
      this.#waiting.abort();
      void this.resume();
    };
    for (const gesture of ["click", "keydown"]) addEventListener(gesture, onGesture, { signal: this.#waiting.signal });
  }

  /** To be called in a user gesture. */
  async resume(): Promise<void> {
    if (this.suspended) await this.#context.resume();
  }

  close(): void {
    this.#waiting.abort();
    this.#unlisten();
    this.#playback.disconnect();
    void this.#context.close();
  }

  #unlisten(): void {
    this.#capture?.source.disconnect();
    this.#capture?.node.port.postMessage(STOP);
    this.#capture = undefined;
  }

  #tell(message: PlaybackMessage): void {
    this.#playback.port.postMessage(message);
  }
}
