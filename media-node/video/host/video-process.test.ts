import { describe, expect, it } from "vitest";
import { EdgeRtcError } from "../../../shared/errors.ts";
import { NO_FACTS } from "../../../shared/request-facts.ts";
import { VirtualClock } from "../../time/virtual-clock.ts";
import type { EncodedFrame } from "../types.ts";
import type { FromVideoProcess, ToThread, ToVideoProcess } from "./messages.ts";
import { type ThreadEvents, VideoProcess } from "./video-process.ts";

/** A thread that does what the test says. */
class FakeThread {
  readonly posted: ToThread[] = [];
  readonly events: ThreadEvents;
  state: "running" | "terminated" = "running";
  answersPings = true;

  constructor(events: ThreadEvents) {
    this.events = events;
  }

  post(message: ToThread): void {
    this.posted.push(message);
    if (message.kind === "ping" && this.answersPings) this.events.message({ kind: "pong" });
  }

  terminate(): void {
    this.state = "terminated";
  }

  /** Loads, and starts the handler it was given. */
  run(frameTimeoutMs = 1_000): void {
    this.events.message({ kind: "loaded" });
    this.events.message({ kind: "started", room: 1, everyMs: 0, frameTimeoutMs });
  }

  get frames(): number[] {
    return this.posted.flatMap((message) => (message.kind === "frame" ? [message.picture.timestampUs] : []));
  }

  done(timestampUs: number): void {
    this.events.message({ kind: "done", picture: { data: new Uint8Array(6), width: 2, height: 2, timestampUs } });
  }
}

const start: ToVideoProcess = {
  kind: "start",
  mode: "send-receive",
  facts: {
    ...{ sid: "s", clientId: "c", stream: "flip", phoneMode: false, request: NO_FACTS, inputNames: ["mirror"] },
    ...{ inputs: { mirror: 1 }, inputsArrived: false, state: new Map() },
  },
};

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function world(codec: { encode?: () => Promise<EncodedFrame | undefined> } = {}) {
  const clock = new VirtualClock();
  const told: FromVideoProcess[] = [];
  const threads: FakeThread[] = [];
  const encoder: string[] = [];
  let stopped = 0;
  const video = new VideoProcess({
    createDecoder: async () => ({
      decode: async ({ timestampUs }) => ({
        data: new Uint8Array(6),
        width: 2,
        height: 2,
        format: "i420",
        timestampUs,
      }),
      close: () => undefined,
    }),
    createEncoder: async () => ({
      encode:
        codec.encode ??
        (async ({ timestampUs }) => ({ codec: "vp8", data: new Uint8Array(1), keyFrame: false, timestampUs })),
      requestKeyFrame: () => encoder.push("key frame"),
      setBitrate: (bitsPerSecond) => encoder.push(String(bitsPerSecond)),
      close: () => encoder.push("closed"),
    }),
    startThread: (events) => {
      const thread = new FakeThread(events);
      threads.push(thread);
      return thread;
    },
    clock,
    tell: (message) => told.push(message),
    onStopped: () => stopped++,
  });
  const send = async (timestampUs: number): Promise<void> => {
    video.receive({ kind: "video", frame: { codec: "vp8", data: new Uint8Array(1), keyFrame: true, timestampUs } });
    await settled();
  };
  const thread = (): FakeThread => threads.at(-1) ?? expect.fail("there is no thread");
  const sent = (): number[] => told.flatMap((message) => (message.kind === "video" ? [message.frame.timestampUs] : []));
  const kinds = (): string[] => told.map(({ kind }) => kind);
  return { clock, video, threads, thread, encoder, told, send, sent, kinds, stopped: () => stopped };
}

describe("a video process", () => {
  it("starts the handler when the stream file is loaded and there is a session, in either order", () => {
    const early = world();
    early.video.receive(start);
    early.thread().events.message({ kind: "loaded" });
    const late = world();
    late.thread().events.message({ kind: "loaded" });
    late.video.receive(start);
    for (const { thread, kinds } of [early, late]) {
      expect(thread().posted.filter(({ kind }) => kind === "start")).toEqual([start]);
      expect(kinds()).toEqual(["ready"]);
    }
  });

  it("hands over one frame at a time, the newest of those that came meanwhile, and tells how many it gave up", async () => {
    const { video, thread, send, sent, kinds } = world();
    video.receive(start);
    thread().run();
    for (const frame of [1, 2, 3, 4]) await send(frame);
    expect(thread().frames).toEqual([1]);
    thread().done(1);
    await settled();
    expect(thread().frames).toEqual([1, 4]);
    expect(sent()).toEqual([1]);
    expect(kinds().filter((kind) => kind === "dropped")).toHaveLength(2);
  });

  it("encodes the newest of what the handler gave while the encoder was busy", async () => {
    const waiting: ((frame: EncodedFrame | undefined) => void)[] = [];
    const { video, thread, sent } = world({ encode: () => new Promise((resolve) => waiting.push(resolve)) });
    video.receive(start);
    thread().run();
    for (const frame of [1, 2, 3]) thread().done(frame);
    await settled();
    for (let n = 0; waiting.length > 0; n++) {
      waiting.shift()?.({ codec: "vp8", data: new Uint8Array(1), keyFrame: false, timestampUs: n });
      await settled();
    }
    expect(sent()).toEqual([0, 1]);
  });

  it("ends a thread that answers nothing any more, and starts another with the latest inputs; the codecs go on", async () => {
    const { video, thread, threads, told, clock, send, encoder } = world();
    video.receive(start);
    thread().run(1_000);
    video.receive({ kind: "inputs", values: { mirror: 0.2 } });
    await send(1);
    thread().done(1);
    await settled();
    thread().answersPings = false;
    await clock.advanceAsync(1_400);
    expect(threads).toHaveLength(1);
    await clock.advanceAsync(1_000);
    expect(threads[0]?.state).toBe("terminated");
    expect(told).toContainEqual({ kind: "handler_lost", code: "handler_timeout" });
    thread().run();
    expect(threads).toHaveLength(2);
    expect(thread().posted.find(({ kind }) => kind === "start")).toMatchObject({
      facts: { inputs: { mirror: 0.2 }, inputsArrived: true },
    });
    await send(2);
    expect(thread().frames).toEqual([2]);
    expect(encoder).toEqual([]);
  });

  it("gives the stream file a minute to load, and no longer", async () => {
    const { clock, thread, told } = world();
    thread().answersPings = false;
    await clock.advanceAsync(59_000);
    expect(told).toEqual([]);
    await clock.advanceAsync(2_000);
    expect(told).toEqual([{ kind: "handler_lost", code: "handler_timeout" }]);
  });

  it("a thread that dies again and again is started less and less often", async () => {
    const { clock, threads, thread, video } = world();
    video.receive(start);
    for (let i = 0; i < 12; i++) {
      thread().events.exited("it crashed");
      await clock.advanceAsync(5_000);
    }
    const before = threads.length;
    thread().events.exited("it crashed");
    await clock.advanceAsync(4_900);
    expect(threads).toHaveLength(before);
    await clock.advanceAsync(200);
    expect(threads).toHaveLength(before + 1);
  });

  it("asks the encoder for what the client needs", async () => {
    const { video, thread, encoder } = world();
    video.receive(start);
    thread().run();
    thread().done(1);
    await settled();
    video.receive({ kind: "bitrate", bitsPerSecond: 400_000 });
    video.receive({ kind: "key_frame" });
    expect(encoder).toEqual(["400000", "key frame"]);
  });

  it("a picture that is too large costs itself; a codec that fails ends the process", async () => {
    const large = world({ encode: () => Promise.reject(new EdgeRtcError("video_too_large")) });
    const broken = world({ encode: () => Promise.reject(new Error("out of bounds")) });
    for (const { video, thread } of [large, broken]) {
      video.receive(start);
      thread().run();
      thread().done(1);
      await settled();
    }
    expect([large.stopped(), broken.stopped()]).toEqual([0, 1]);
    expect(large.told.at(-1)).toMatchObject({ kind: "send", message: { type: "error", data: "video_too_large" } });
    expect(broken.told.at(-1)).toMatchObject({ kind: "failed", message: "out of bounds" });
  });

  it("stops when the handler has shut down, keeps its state, and leaves nothing running", async () => {
    const { video, thread, told, clock, stopped } = world();
    video.receive(start);
    thread().run();
    video.receive({ kind: "stop" });
    expect(thread().posted.at(-1)).toEqual({ kind: "stop" });
    thread().events.message({ kind: "stopped", state: new Map([["count", 3]]) });
    expect(told.at(-1)).toEqual({ kind: "stopped", state: new Map([["count", 3]]) });
    expect(stopped()).toBe(1);
    expect(thread().state).toBe("terminated");
    await settled();
    expect(clock.pending).toBe(0);
  });
});
