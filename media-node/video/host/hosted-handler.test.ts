import { describe, expect, it } from "vitest";
import type { ExtensionMessage, FastRtcMessage } from "../../../shared/channel.ts";
import { AdditionalOutputs, CloseStream } from "../../handlers/emission.ts";
import { StreamHandler } from "../../handlers/stream-handler.ts";
import { blankContext } from "../../handlers/testing/blank-context.ts";
import { VirtualClock } from "../../time/virtual-clock.ts";
import type { EncodedFrame } from "../types.ts";
import { VideoStreamHandler } from "../video-stream-handler.ts";
import type { VideoHost, VideoHostEvents } from "./host.ts";
import { HostedHandler } from "./hosted-handler.ts";
import type { ToVideoProcess } from "./messages.ts";

class FakeHost implements VideoHost {
  readonly sent: ToVideoProcess[] = [];
  state: "running" | "killed" = "running";
  #events: VideoHostEvents | undefined;

  listen(events: VideoHostEvents): void {
    this.#events = events;
  }

  send(message: ToVideoProcess): void {
    this.sent.push(message);
  }

  kill(): void {
    this.state = "killed";
  }

  get says(): VideoHostEvents {
    return this.#events ?? expect.fail("nobody listens");
  }

  all<K extends ToVideoProcess["kind"]>(kind: K): Extract<ToVideoProcess, { kind: K }>[] {
    return this.sent.filter((message): message is Extract<ToVideoProcess, { kind: K }> => message.kind === kind);
  }
}

class Tuned extends StreamHandler {
  copy(): Tuned {
    return new Tuned();
  }
  receive(): void {
    // Nothing.
  }
  emit(): undefined {
    return undefined;
  }
  override triggerResponse(): void {
    // It takes turns.
  }
}

const frame = (timestampUs: number): EncodedFrame => ({
  codec: "vp8",
  data: new Uint8Array(2),
  keyFrame: false,
  timestampUs,
});

function world(prototype: StreamHandler = new VideoStreamHandler((picture) => picture)) {
  const clock = new VirtualClock();
  const hosts: FakeHost[] = [];
  const sentVideo: number[] = [];
  const messages: (FastRtcMessage | ExtensionMessage)[] = [];
  const state = new Map<string, unknown>();
  const line = { up: true, keyFramesAsked: 0, cleared: 0 };
  const inputs = Object.defineProperty({ mirror: 1 }, "key", { value: "s3cret", enumerable: false });
  const handler = new HostedHandler({
    prototype,
    mode: "send-receive",
    takeHost: () => {
      const host = new FakeHost();
      hosts.push(host);
      return host;
    },
    video: () => ({
      codec: "vp8",
      send: ({ timestampUs }) => {
        if (line.up) sentVideo.push(timestampUs);
        return line.up;
      },
      requestKeyFrame: () => line.keyFramesAsked++,
    }),
  });
  handler.attach(
    blankContext({
      ...{ clock, state, inputs, inputNames: ["mirror", "key"], declaresInputs: true },
      requestInputs: async () => inputs,
      send: (message) => messages.push(message),
      extend: (message) => messages.push(message),
      clearQueue: () => ++line.cleared,
    }),
  );
  const host = (): FakeHost => hosts.at(-1) ?? expect.fail("there is no process");
  return { clock, handler, hosts, host, sentVideo, messages, state, line };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a handler in a process of its own", () => {
  it("is told what its context would tell it, secrets included, and the codec before its start", () => {
    const { handler, host } = world();
    expect(host().sent).toEqual([]);
    handler.startUp();
    expect(host().sent.map(({ kind }) => kind)).toEqual(["codec", "start"]);
    expect(host().all("start")[0]?.facts).toMatchObject({ inputs: { mirror: 1, key: "s3cret" }, inputsArrived: false });
    handler.inputsChanged();
    expect(host().all("inputs")).toEqual([{ kind: "inputs", values: { mirror: 1, key: "s3cret" } }]);
  });

  it("gets the client's video and sends its own; a frame that the client does not get is followed by a key frame", () => {
    const { handler, host, sentVideo, line } = world();
    handler.videoFrame({ ...frame(1), arrivedAtMs: 0 });
    expect(host().all("video")).toEqual([]);
    handler.startUp();
    handler.videoFrame({ ...frame(2), arrivedAtMs: 0 });
    expect(
      host()
        .all("video")
        .map((message) => message.frame.timestampUs),
    ).toEqual([2]);
    host().says.message({ kind: "video", frame: frame(2) });
    line.up = false;
    host().says.message({ kind: "video", frame: frame(3) });
    expect(sentVideo).toEqual([2]);
    expect(host().all("key_frame")).toHaveLength(1);
    host().says.message({ kind: "key_frame_needed" });
    expect(line.keyFramesAsked).toBe(1);
  });

  it("tells the client once a second how its video fares, and nothing where there is none", () => {
    const { handler, host, messages, clock } = world();
    handler.startUp();
    clock.advance(3_000);
    expect(messages).toEqual([]);
    for (let n = 0; n < 10; n++) {
      handler.videoFrame({ ...frame(n), arrivedAtMs: clock.nowMs() });
      clock.advance(20);
      host().says.message({ kind: "video", frame: frame(n) });
    }
    host().says.message({ kind: "dropped" });
    clock.advance(1_000);
    expect(messages).toEqual([{ type: "video", data: { framesPerSecond: 10, dropped: 1, delayMs: 20 } }]);
  });

  it("hands on outputs, audio and the end in order, and asks for audio when there is room, again of a new process", async () => {
    const { handler, host, clock } = world();
    handler.startUp();
    const first = handler.emit();
    expect(host().all("room")).toHaveLength(1);
    host().says.message({ kind: "outputs", args: ["a"] });
    expect(await first).toEqual(new AdditionalOutputs("a"));
    const second = handler.emit();
    host().says.exited("SIGSEGV");
    clock.advance(100);
    host().says.message({ kind: "working" });
    expect(host().all("room")).toHaveLength(1);
    host().says.message({ kind: "audio", frame: { sampleRate: 24_000, samples: new Int16Array(480) } });
    expect(await second).toMatchObject({ sampleRate: 24_000, channels: 1 });
    host().says.message({ kind: "close", message: "done" });
    expect(await handler.emit()).toEqual(new CloseStream("done"));
  });

  it("forgets audio that has not been played yet when the queue is cleared, and no outputs", async () => {
    const { handler, host, line } = world();
    handler.startUp();
    host().says.message({ kind: "audio", frame: { sampleRate: 24_000, samples: new Int16Array(480) } });
    host().says.message({ kind: "outputs", args: [1] });
    host().says.message({ kind: "clear_queue" });
    expect(line.cleared).toBe(1);
    expect(await handler.emit()).toEqual(new AdditionalOutputs(1));
  });

  it("is replaced when its process dies, later each time, and says so; what an old process still says is nobody's", () => {
    const { handler, hosts, host, clock, messages, sentVideo } = world();
    handler.startUp();
    for (let n = 0; n < 9; n++) {
      host().says.exited("SIGKILL");
      clock.advance(10_000);
    }
    expect(hosts).toHaveLength(10);
    expect(host().sent.map(({ kind }) => kind)).toEqual(["codec", "start"]);
    expect(messages[0]).toMatchObject({ type: "error", data: "handler_stopped" });
    hosts[0]?.says.message({ kind: "video", frame: frame(1) });
    expect(sentVideo).toEqual([]);
    host().says.exited("SIGKILL");
    clock.advance(9_900);
    expect(hosts).toHaveLength(10);
  });

  it("answers the handler's question for inputs", async () => {
    const { handler, host } = world();
    handler.startUp();
    host().says.message({ kind: "request_inputs", id: 7, timeoutMs: null, keep: true, ask: true });
    await settled();
    expect(host().all("requested_inputs")).toEqual([
      { kind: "requested_inputs", id: 7, values: { mirror: 1, key: "s3cret" } },
    ]);
  });

  it("can be told to answer only where its own kind can", () => {
    const deaf = world();
    deaf.handler.startUp();
    expect(() => deaf.handler.triggerResponse()).toThrow("cannot be told to answer");
    const tuned = world(new Tuned());
    tuned.handler.startUp();
    tuned.handler.triggerResponse();
    expect(tuned.host().all("trigger_response")).toHaveLength(1);
  });

  it("keeps what the handler kept, when it has shut down, and leaves no process and no timer", async () => {
    const { handler, host, state, clock } = world();
    handler.startUp();
    const down = handler.shutdown();
    host().says.message({ kind: "stopped", state: new Map([["seen", 3]]) });
    await down;
    expect(state.get("seen")).toBe(3);
    expect(host().state).toBe("killed");
    expect(clock.pending).toBe(0);
  });

  it("is killed where it does not shut down in time, and where its session ends before it began", async () => {
    const slow = world();
    slow.handler.startUp();
    const down = slow.handler.shutdown();
    await slow.clock.advanceAsync(5_000);
    await down;
    const early = world();
    early.handler.abandon();
    expect([slow.host().state, early.host().state]).toEqual(["killed", "killed"]);
  });
});
