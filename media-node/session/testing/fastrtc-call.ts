/** A session with a FastRTC front end at its other end, in virtual time: it says no hello, and its messages are looked at as sent. */
import type { EndReason } from "../../../shared/session.ts";
import type { Stream } from "../../stream/stream.ts";
import { VirtualTransport } from "../../testing/virtual-transport.ts";
import { scriptedVad } from "../../testing/voice-activity.ts";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { Session, type SessionOptions } from "../session.ts";

export class FastRtcCall {
  readonly clock = new VirtualClock();
  /** What came over the data channel. */
  readonly texts: string[] = [];
  /** When each 20 ms of audio came. */
  readonly packetsMs: number[] = [];
  readonly logged: unknown[] = [];
  ended: EndReason | undefined;
  readonly session: Session<VirtualTransport>;

  constructor(stream: Stream, options: Partial<SessionOptions<VirtualTransport>> = {}) {
    const vad = scriptedVad();
    this.session = new Session({
      sid: "s_0",
      clientId: "caller",
      stream: { stream, descriptor: stream.describe("test", 0) },
      connect: (events) =>
        new VirtualTransport(
          { onAudio: () => this.packetsMs.push(this.clock.nowMs()), onText: (text) => this.texts.push(text) },
          events,
        ),
      clock: this.clock,
      openVad: (onProbability) => vad.open(onProbability),
      log: { info: () => undefined, error: ({ err }: { err?: unknown }) => this.logged.push(err) },
      onConnected: () => undefined,
      onOutput: () => undefined,
      onEnded: (reason) => {
        this.ended = reason;
      },
      ...options,
    });
  }

  /** Connects, up to the open data channel: the handler runs. */
  static async start(stream: Stream, options?: Partial<SessionOptions<VirtualTransport>>): Promise<FastRtcCall> {
    const call = new FastRtcCall(stream, options);
    await call.connect();
    call.session.transport.events.channelOpen();
    await call.pass(0);
    return call;
  }

  async connect(): Promise<void> {
    await this.session.begin(() => Promise.resolve());
    this.session.transport.events.connected();
    await this.pass(0);
  }

  pass(durationMs: number): Promise<void> {
    return this.clock.advanceAsync(durationMs);
  }

  /** The caller makes a sound that is taken for speech, or none. */
  async sound(durationMs: number, level = 8_000): Promise<void> {
    const { format } = this.session.transport;
    const sampleRate = format?.sampleRate ?? 48_000;
    const length = (sampleRate / 50) * (format?.channels ?? 1);
    for (let ms = 0; ms < durationMs; ms += 20) {
      this.session.transport.hear({ sampleRate, samples: new Int16Array(length).fill(level) });
      await this.pass(20);
    }
  }

  silence(durationMs: number): Promise<void> {
    return this.sound(durationMs, 0);
  }

  async say(text: string): Promise<void> {
    this.session.transport.say(text);
    await this.pass(0);
  }

  /** The messages of a kind, as FastRTC writes them. */
  of(type: string): string[] {
    return this.texts.filter((text) => text.startsWith(`{"type": "${type}"`));
  }

  async end(reason: EndReason = "client_closed"): Promise<void> {
    this.session.end(reason);
    await this.pass(0);
  }
}
