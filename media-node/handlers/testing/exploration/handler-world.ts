/** A session in virtual time whose handler hangs in every call until something lets it go on, or fail. */
import { Session } from "../../../session/session.ts";
import { Stream } from "../../../stream/stream.ts";
import { VirtualTransport } from "../../../testing/virtual-transport.ts";
import { scriptedVad } from "../../../testing/voice-activity.ts";
import { VirtualClock } from "../../../time/virtual-clock.ts";
import { type Call, GatedHandler, Gates, type Given } from "./gated-handler.ts";
import type { World } from "./search.ts";

const FRAME = { sampleRate: 16_000, samples: new Int16Array(320) };
/** The longest that a call which hangs holds the next one up, and that a session waits for `shutdown`. */
const CALL_TIMEOUT_MS = 10_000;
/** The longest between one failure of `emit` and the next try. */
const RETRY_MS = 5_000;
/** A session that hangs up: what is queued is played, and the client told. */
const CLOSING_MS = 40_000;

const GIVEN: readonly Given[] = ["audio", "much", "nothing", "outputs", "garbage", "goodbye"];

export type HandlerWorldEvent =
  | "frame"
  | "message"
  | `${Exclude<Call, "shutdown" | "emit">} settles`
  | `${Exclude<Call, "shutdown">} throws`
  | `emits ${Given}`
  | "client leaves"
  | "a moment"
  | "a long time";

export class HandlerWorld implements World<HandlerWorldEvent> {
  readonly #clock = new VirtualClock();
  readonly #gates = new Gates();
  readonly #session: Session<VirtualTransport>;
  readonly #unexpected: unknown[] = [];
  #sentMs = 0;
  #errorsAreOver = false;
  #ended = 0;
  #state: "live" | "closing" | "ended" = "live";
  #givenMs = 0;
  /** Handed in. */
  #frames = 0;
  #messages = 0;

  static async start(): Promise<HandlerWorld> {
    const world = new HandlerWorld();
    await world.#connect();
    return world;
  }

  private constructor() {
    const stream = new Stream(new GatedHandler(this.#gates), { modality: "audio" });
    const vad = scriptedVad();
    this.#session = new Session({
      sid: "explored",
      clientId: "explored",
      stream: { stream, descriptor: stream.describe("explored", 0) },
      connect: (events) =>
        new VirtualTransport(
          {
            onAudio: () => {
              this.#sentMs += 20;
            },
            onText: () => undefined,
          },
          events,
        ),
      clock: this.#clock,
      openVad: (onProbability) => vad.open(onProbability),
      log: { info: () => undefined, error: ({ err }: { err?: unknown }) => this.#onError(err) },
      onConnected: () => undefined,
      onOutput: () => undefined,
      onEnded: () => {
        this.#state = "ended";
        this.#ended += 1;
      },
    });
  }

  async #connect(): Promise<void> {
    const { events } = this.#session.transport;
    await this.#session.begin(() => Promise.resolve());
    events.connected();
    events.channelOpen();
    await this.#pass(0);
  }

  enabled(): readonly HandlerWorldEvent[] {
    if (this.#ended > 0) return [];
    const ends = (["startUp", "receive", "onMessage"] as const).flatMap((call) =>
      this.#gates.pending(call) > 0 ? ([`${call} settles`, `${call} throws`] as const) : [],
    );
    const emits =
      this.#gates.pending("emit") > 0
        ? (["emit throws", ...GIVEN.map((given) => `emits ${given}` as const)] as const)
        : [];
    return ["frame", "message", ...ends, ...emits, "client leaves", "a moment", "a long time"];
  }

  async happen(event: HandlerWorldEvent): Promise<void> {
    switch (event) {
      case "frame":
        this.#hear();
        break;
      case "message":
        this.#say();
        break;
      case "client leaves":
        this.#session.end("client_closed");
        break;
      case "a moment":
        return await this.#pass(100);
      case "a long time":
        return await this.#pass(CALL_TIMEOUT_MS);
      default:
        this.#go(event);
    }
    await this.#pass(0);
  }

  fingerprint(): string {
    const { calls } = this.#gates;
    const pending = (["startUp", "receive", "onMessage", "emit"] as const).map((call) => this.#count(call));
    const queuedMs = this.#givenMs - this.#sentMs;
    const delays = this.#clock.delaysMs;
    return JSON.stringify([
      this.#state,
      pending,
      Math.min(2, this.#frames - calls.receive),
      Math.min(2, this.#messages - calls.onMessage),
      queuedMs > 0 ? Math.ceil(queuedMs / 500) : 0,
      [100, 1_000, 6_000, Number.POSITIVE_INFINITY].map(
        (limitMs, i, limits) => delays.filter((delayMs) => delayMs > (limits[i - 1] ?? 0) && delayMs <= limitMs).length,
      ),
    ]);
  }

  check(): void {
    const { calls } = this.#gates;
    const over = this.#ended > 0;
    must(this.#unexpected.length === 0, `unexpected: ${String(this.#unexpected[0])}`);
    must(calls.startUp === 1, `started ${calls.startUp} times`);
    must(calls.shutdown === (over ? 1 : 0), `shut down ${calls.shutdown} times`);
    must(this.#ended <= 1, `ended ${this.#ended} times`);
  }

  /** Whatever has happened: once its calls come back, the handler hears, is told and is heard; and the session ends cleanly. */
  async finish(): Promise<void> {
    if (this.#state === "closing") await this.#pass(CLOSING_MS);
    else if (this.#state === "live") {
      await this.#comeBack();
      this.#session.end("client_closed");
    }
    await this.#pass(0);
    must(this.#ended === 1, "the session does not end");
    this.check();
    this.#gates.settle("shutdown");
    await this.#pass(0);
    must(this.#clock.pending === 0, `${this.#clock.pending} timers are left`);
    // As most calls do when their signal is aborted: it is nobody's business any more.
    for (const call of ["startUp", "receive", "onMessage", "emit"] as const) {
      while (this.#gates.pending(call) > 0) this.#gates.fail(call);
    }
    this.#errorsAreOver = true;
    await this.#pass(0);
    this.check();
    must(this.#clock.pending === 0, `${this.#clock.pending} timers begin after the end`);
    must(this.#session.transport.openEncoders === 0, `${this.#session.transport.openEncoders} encoders are left`);
  }

  async #comeBack(): Promise<void> {
    await this.#settleInputs();
    await this.#pass(RETRY_MS);
    await this.#settleInputs();
    const { receive, onMessage } = this.#gates.calls;
    this.#hear();
    this.#say();
    await this.#pass(0);
    must(this.#gates.calls.receive === receive + 1, "it is deaf");
    must(this.#gates.calls.onMessage === onMessage + 1, "it is not told what the client says");
    // What is queued for the client holds it back.
    for (let ms = 0; ms < CLOSING_MS && this.#gates.pending("emit") === 0; ms += 100) await this.#pass(100);
    must(this.#gates.pending("emit") > 0, "it is mute");
    const sentMs = this.#sentMs;
    this.#emit("audio");
    await this.#pass(2_500);
    must(this.#sentMs > sentMs, "it is not heard");
  }

  async #settleInputs(): Promise<void> {
    for (const call of ["receive", "onMessage"] as const) {
      for (; this.#gates.pending(call) > 0; await this.#pass(0)) this.#gates.settle(call);
    }
  }

  #go(event: HandlerWorldEvent): void {
    for (const given of GIVEN) if (event === `emits ${given}`) this.#emit(given);
    for (const call of ["startUp", "receive", "onMessage", "emit"] as const) {
      if (event === `${call} settles`) this.#gates.settle(call);
      if (event === `${call} throws`) this.#gates.fail(call);
    }
  }

  #emit(given: Given): void {
    if (given === "audio") this.#givenMs += 60;
    if (given === "much") this.#givenMs += 1_200;
    if (given === "goodbye") this.#state = "closing";
    this.#gates.settle("emit", given);
  }

  #hear(): void {
    this.#frames += 1;
    this.#session.transport.hear(FRAME);
  }

  #say(): void {
    this.#messages += 1;
    this.#session.transport.say('{"type":"note"}');
  }

  #count(call: Call): number {
    return Math.min(2, this.#gates.pending(call));
  }

  async #pass(durationMs: number): Promise<void> {
    await this.#clock.advanceAsync(durationMs);
  }

  #onError(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#errorsAreOver || !/scripted|took longer than|A handler yielded/.test(message))
      this.#unexpected.push(error);
  }
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
