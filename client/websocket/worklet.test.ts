/** The audio thread's part, run as the browser runs it: 128 samples at a time. */
import { beforeEach, describe, expect, it } from "vitest";
import { CAPTURE, PLAYBACK, type PlaybackMessage, type PlaybackOptions, STOP, WORKLET_SOURCE } from "./worklet.ts";

const RATE = 8_000;
const BLOCK = 128;

interface Processor {
  readonly port: { readonly sent: Float32Array[]; onmessage: (event: { data: PlaybackMessage | typeof STOP }) => void };
  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}

let processors: Map<string, new (options: { processorOptions?: PlaybackOptions }) => Processor>;

beforeEach(() => {
  processors = new Map();
  class FakeProcessor {
    readonly port = {
      sent: [] as Float32Array[],
      // What is posted is a copy.
      postMessage: (frame: Float32Array) => this.port.sent.push(frame.slice()),
    };
  }
  const register = (name: string, processor: never) => processors.set(name, processor);
  new Function("registerProcessor", "AudioWorkletProcessor", "sampleRate", WORKLET_SOURCE)(
    register,
    FakeProcessor,
    RATE,
  );
});

function make(name: string, processorOptions?: PlaybackOptions): Processor {
  const Made = processors.get(name);
  if (Made === undefined) throw new Error(`no processor ${name}`);
  return new Made(processorOptions === undefined ? {} : { processorOptions });
}

const ramp = (length: number, from = 1): Float32Array => Float32Array.from({ length }, (_, i) => from + i);

function play(processor: Processor, blocks: number): number[] {
  return Array.from({ length: blocks }, () => {
    const out = new Float32Array(BLOCK);
    processor.process([], [[out]]);
    return [...out];
  }).flat();
}

describe("capture", () => {
  it("gives frames of 20 ms, every sample once and in order", () => {
    const capture = make(CAPTURE);
    for (let i = 0; i < 5; i++) capture.process([[ramp(BLOCK, 1 + i * BLOCK)]], []);
    expect(capture.port.sent.map(({ length }) => length)).toEqual([160, 160, 160, 160]);
    expect(capture.port.sent.flatMap((frame) => [...frame])).toEqual([...ramp(640)]);
  });

  it("goes once its microphone is not listened to any more", () => {
    const capture = make(CAPTURE);
    expect(capture.process([[ramp(BLOCK)]], [])).toBe(true);
    capture.port.onmessage({ data: STOP });
    expect(capture.process([[ramp(BLOCK)]], [])).toBe(false);
  });

  it("gives nothing where there is no microphone", () => {
    const capture = make(CAPTURE);
    expect(capture.process([[]], [])).toBe(true);
    expect(capture.port.sent).toEqual([]);
  });
});

describe("playback", () => {
  const options: PlaybackOptions = { prefillMs: 40, limitMs: 1_000 };

  it("keeps the first 40 ms back, then plays every sample in order", () => {
    const playback = make(PLAYBACK, options);
    playback.port.onmessage({ data: ramp(200) });
    expect(play(playback, 1).every((x) => x === 0)).toBe(true);
    playback.port.onmessage({ data: ramp(200, 201) });
    expect(play(playback, 3)).toEqual([...ramp(384)]);
  });

  it("plays less than that after 40 ms", () => {
    const playback = make(PLAYBACK, options);
    playback.port.onmessage({ data: ramp(100) });
    const heard = play(playback, 5);
    expect(heard.filter((x) => x !== 0)).toEqual([...ramp(100)]);
    expect(heard.indexOf(1)).toBe(2 * BLOCK);
  });

  it("fills up again after it has run dry", () => {
    const playback = make(PLAYBACK, options);
    playback.port.onmessage({ data: ramp(400) });
    expect(play(playback, 4).filter((x) => x !== 0)).toHaveLength(400);
    playback.port.onmessage({ data: ramp(128) });
    expect(play(playback, 1).every((x) => x === 0)).toBe(true);
  });

  it("is silent at once when it is cleared", () => {
    const playback = make(PLAYBACK, options);
    playback.port.onmessage({ data: ramp(4_000) });
    play(playback, 2);
    playback.port.onmessage({ data: "clear" });
    expect(play(playback, 4).every((x) => x === 0)).toBe(true);
  });

  it("drops the oldest past its limit", () => {
    const playback = make(PLAYBACK, options);
    for (let i = 0; i < 100; i++) playback.port.onmessage({ data: ramp(400, 1 + i * 400) });
    const heard = play(playback, 100).filter((x) => x !== 0);
    expect(heard).toHaveLength(8_000);
    expect(heard.at(-1)).toBe(40_000);
  });
});
