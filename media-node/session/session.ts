/** One session in a shard: its audio in and out, and the handler between them, over whichever transport its client came by. */
import { EdgeRtcError } from "../../shared/errors.ts";
import { ticketOf } from "../../shared/ids.ts";
import { checkInputs, type InputValues } from "../../shared/inputs.ts";
import type { KeptOutputs as Kept, Output } from "../../shared/link.ts";
import { NO_FACTS, type RequestFacts } from "../../shared/request-facts.ts";
import { CONNECT_TIMEOUT_MS, type EndReason } from "../../shared/session.ts";
import { Player } from "../audio/player.ts";
import type { HandlerContext, InputRequest, VadStream } from "../handlers/context.ts";
import { inContext } from "../handlers/current-context.ts";
import type { CloseStream } from "../handlers/emission.ts";
import type { StreamHandler } from "../handlers/stream-handler.ts";
import { freshCopy } from "../handlers/stream-handler.ts";
import type { LoadedStream } from "../stream/load.ts";
import type { Clock, Timer } from "../time/clock.ts";
import type { MediaTransport, TransportEvents } from "../transport/media-transport.ts";
import type { VideoHost } from "../video/host/host.ts";
import { HostedHandler } from "../video/host/hosted-handler.ts";
import { ClientChannel, isHello } from "./client-channel.ts";
import { HandlerRunner } from "./handler-runner.ts";
import type { CallerState } from "./kept-states.ts";
import { SessionInputs } from "./session-inputs.ts";
import { nextSession, type SessionAction, type SessionSignal, type SessionState } from "./session-machine.ts";
import { SessionOutputs } from "./session-outputs.ts";

/** After `end_stream` the client has this long to close by itself. FastRTC would wait for ever. */
const CLOSING_GRACE_MS = 2_000;
/** What is queued when the handler closes is played for at most this long. */
const CLOSING_MAX_MS = 30_000;
const CLOSING_POLL_MS = 50;
/** A client that was asked for its inputs has this long to send them; then the latest are used. */
const INPUTS_WAIT_MS = 2_000;

export interface SessionLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface SessionOptions<Transport extends MediaTransport = MediaTransport> {
  readonly sid: string;
  readonly clientId: string;
  readonly stream: LoadedStream;
  /** What the caller's token allows, from connected on. Default: the stream's limit alone. */
  readonly timeLimitMs?: number | undefined;
  readonly connect: (events: TransportEvents) => Transport;
  readonly clock: Clock;
  readonly openVad: (onProbability: (probability: number) => void) => VadStream;
  readonly log: SessionLog;
  /** What the handler kept of the caller's session before. Default: nothing. */
  readonly state?: CallerState | undefined;
  /** Of the request that began it. Default: nothing is known. */
  readonly request?: RequestFacts | undefined;
  /** The session's own, on a strict edge, where the client is told it by us. */
  readonly secret?: string | undefined;
  /** Where a stream with video gets a process for its handler. */
  readonly takeVideoHost?: (() => VideoHost) | undefined;
  readonly onConnected: () => void;
  /** Each additional output, while somebody watches. */
  readonly onOutput: (output: Output) => void;
  /** Once. */
  readonly onEnded: (reason: EndReason) => void;
}

export class Session<Transport extends MediaTransport = MediaTransport> {
  readonly #options: SessionOptions<Transport>;
  readonly #abort = new AbortController();
  readonly #player: Player;
  readonly #handlerContext: HandlerContext;
  readonly #runner: HandlerRunner;
  readonly #timers = new Set<Timer>();
  readonly #inputs: SessionInputs;
  readonly #channel: ClientChannel;
  readonly #outputs: SessionOutputs;
  readonly transport: Transport;
  /** The handler's, kept for the caller's next session where it has a place in line. */
  readonly state: CallerState;
  /** Where the stream has video: its handler is in a process of its own. */
  #hosted: HostedHandler | undefined;
  #state: SessionState = { phase: "answering" };
  #gone: Promise<void> = Promise.resolve();
  #connectedAtMs: number | undefined;

  constructor(options: SessionOptions<Transport>) {
    this.#options = options;
    const { clock, connect, stream } = options;
    const { descriptor } = stream;
    // First: where it fails there is nothing to close yet.
    const handler = this.#handler();
    this.state = options.state ?? new Map();
    this.#inputs = new SessionInputs(descriptor.inputs ?? {}, clock);
    this.transport = connect({
      connected: () => this.#signal({ type: "connected" }),
      channelOpen: () => this.#signal({ type: "channel_open" }),
      message: (text) => this.#onMessage(text),
      hello: () => this.#sayHello(),
      audio: (frame) => this.#runner.receive(frame),
      dtmf: (digit) => this.#runner.dtmf(digit),
      video: this.#hosted,
      ended: (reason) => this.end(reason),
    });
    this.#channel = new ClientChannel(this.transport, clock);
    this.#outputs = new SessionOutputs({
      stream,
      channel: this.#channel,
      onOutput: options.onOutput,
      feedBack: this.#onTelephone ? (args) => this.#feedBack(args) : undefined,
    });
    const { output } = this.transport;
    this.#player = new Player({
      clock,
      rateFor: (rate) => output.rateFor(rate),
      createEncoder: (rate) => output.createEncoder(rate),
      pacing: output.pacing,
      lagMs: () => output.lagMs?.() ?? 0,
      send: (payload, timestamp, marker) => output.send(payload, timestamp, marker),
      onFlush: () => output.flush?.(),
      onClear: () => output.clear?.(),
      recalls: output.recalls,
      onDrained: () => this.#runner.playbackEnded(),
    });
    this.#handlerContext = this.#context();
    this.#runner = new HandlerRunner({
      handler,
      context: this.#handlerContext,
      player: this.#player,
      playsAudio: descriptor.mode !== "send" && descriptor.modality !== "video",
      onOutputs: ({ args }) => this.#outputs.add(args),
      onClose: (close) => this.#requestClose(close),
    });
  }

  /**
   * Lets the client connect. The session lives from here on until `onEnded`.
   * @param answer what its transport has to do for that, such as to answer the offer.
   * @throws whatever that throws; `onEnded` is not called then.
   */
  async begin<T>(answer: () => Promise<T>): Promise<T> {
    try {
      const answered = await answer();
      this.#later(CONNECT_TIMEOUT_MS, () => {
        if (this.#state.phase === "answering" || this.#state.phase === "connecting") this.end("never_connected");
      });
      this.#signal({ type: "answered" });
      return answered;
    } catch (error) {
      if (this.#state.phase !== "ended") {
        this.#state = { phase: "ended", reason: "offer_failed" };
        await this.#tearDown("offer_failed");
      }
      throw error;
    }
  }

  /** Takes inputs of the client. @throws EdgeRtcError for values that the stream does not take. */
  setInputs(values: InputValues): void {
    const declared = Object.entries(this.#options.stream.descriptor.inputs ?? {});
    // The edge has checked them against what it knew of the stream; this is what the handler was written for.
    const sent = Object.fromEntries(declared.filter(([name]) => Object.hasOwn(values, name)));
    const check = checkInputs(sent, values, ["inputs"], "ignore");
    if (!check.ok)
      throw new EdgeRtcError(
        "invalid_inputs",
        check.issues.map(({ loc, msg }) => `${loc.join(".")}: ${msg}.`).join(" "),
      );
    this.#inputs.set(check.values);
    this.#runner.inputsChanged();
  }

  /** @throws EdgeRtcError where the handler does not run yet or takes no turns. */
  triggerResponse(): void {
    this.#runner.triggerResponse();
  }

  /** Tells the client that its connection is over, for it to hang up. */
  updateConnection(connection: "closed"): void {
    this.#channel.send({ type: "update_connection", data: connection });
  }

  /** Hands outputs on from now on. @returns those kept after `after`. */
  watchOutputs(after: number): Kept {
    return this.#outputs.watch(after);
  }

  unwatchOutputs(): void {
    this.#outputs.unwatch();
  }

  /** Whether a session that ended so is at the end of the line again. */
  rejoinsAfter(reason: EndReason): boolean {
    return reason === "time_limit" && this.#options.stream.descriptor.queue?.rejoin === true;
  }

  /** Whether its caller may be back with a new session: a telephone call can go on when its media has been cut. */
  mayResumeAfter(reason: EndReason): boolean {
    return this.#onTelephone && (reason === "client_closed" || reason === "peer_lost");
  }

  /** Settles once nothing of it is left, its handler's `shutdown` included; at once while it goes on. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  end(reason: EndReason): void {
    this.#signal({ type: "over", reason });
  }

  #signal(signal: SessionSignal): void {
    const { state, actions } = nextSession(this.#state, signal);
    this.#state = state;
    for (const action of actions) this.#perform(action);
  }

  #perform(action: SessionAction): void {
    switch (action) {
      case "report_connected":
        this.#connectedAtMs = this.#options.clock.nowMs();
        this.#options.onConnected();
        this.#armTimeLimit();
        break;
      case "start_handler":
        this.#startHandler().catch((error: unknown) => {
          this.#logError(error, "the session could not start");
          this.end("failed");
        });
        break;
      case "begin_closing":
        this.#whenPlayed(CLOSING_MAX_MS, () => {
          if (this.transport.manners === "channel") this.#later(CLOSING_GRACE_MS, () => this.end("handler_closed"));
          else this.end("handler_closed");
        });
        break;
      case "tear_down":
        if (this.#state.phase !== "ended") break;
        this.#tellEnd(this.#state.reason);
        this.#gone = this.#tearDown(this.#state.reason).catch((error: unknown) =>
          this.#logError(error, "tearing down failed"),
        );
        this.#options.onEnded(this.#state.reason);
        break;
    }
  }

  #armTimeLimit(): void {
    const limitMs = this.#timeLimitMs;
    if (limitMs !== null) this.#later(limitMs, () => this.end("time_limit"));
  }

  /** From connected on; the shorter of the stream's and the caller's own. Null is none. */
  get #timeLimitMs(): number | null {
    const { stream, timeLimitMs = null } = this.#options;
    const { timeLimit } = stream.descriptor;
    if (timeLimit === null) return timeLimitMs;
    return Math.min(timeLimit * 1_000, timeLimitMs ?? Number.POSITIVE_INFINITY);
  }

  #handler(): StreamHandler {
    const { stream, takeVideoHost } = this.#options;
    const { modality, mode } = stream.descriptor;
    const { handler: prototype } = stream.stream;
    if (modality === "audio") return freshCopy(prototype);
    if (takeVideoHost === undefined) throw new EdgeRtcError("internal", "This node runs no video.");
    this.#hosted = new HostedHandler({
      prototype,
      mode,
      takeHost: takeVideoHost,
      video: () => this.transport.video,
    });
    return this.#hosted;
  }

  async #startHandler(): Promise<void> {
    const { descriptor, stream } = this.#options.stream;
    const { inputSampleRate: sampleRate, expectedLayout } = stream.handler;
    if (descriptor.mode !== "receive" && descriptor.modality !== "video") {
      await this.transport.listen({ sampleRate, channels: expectedLayout === "stereo" ? 2 : 1 });
    }
    if (this.#state.phase !== "ended") this.#runner.start();
  }

  #context(): HandlerContext {
    const { sid, clientId, stream, clock } = this.#options;
    const inputs = this.#inputs;
    return {
      sid,
      clientId,
      stream: stream.descriptor.name,
      phoneMode: this.#onTelephone,
      call: this.transport.call,
      request: this.#options.request ?? NO_FACTS,
      signal: this.#abort.signal,
      clock,
      declaresInputs: Object.keys(stream.descriptor.inputs ?? {}).length > 0,
      inputNames: inputs.names,
      get inputs() {
        return inputs.latest;
      },
      get inputsArrived() {
        return inputs.arrived;
      },
      requestInputs: (request) => this.#requestInputs(request),
      clearInputs: () => this.#inputs.clear(),
      state: this.state,
      send: (message) => this.#channel.send(message),
      warn: (text) => this.#channel.send({ type: "warning", message: text, data: text }),
      sendText: (text) => this.#channel.sendText(text),
      extend: (message) => this.#channel.extend(message),
      clearQueue: () => this.#player.clear(),
      holdOutput: () => {
        // The last words are not interrupted: nobody listens to what the client says over them.
        if (this.#state.phase !== "closing") this.#player.hold();
      },
      resumeOutput: () => this.#player.resume(),
      playing: () => this.#player.playing,
      openVad: this.#options.openVad,
      logError: (error, message) => this.#logError(error, message),
    };
  }

  async #requestInputs(request: InputRequest = {}): Promise<InputValues> {
    // There is nobody to ask: a turn has what the turn before has left (FastRTC's way to keep state on the telephone).
    if (this.#onTelephone) return this.#inputs.latest;
    const { signal, timeoutMs = INPUTS_WAIT_MS, keep = false, ask = true } = request;
    // FastRTC asks even if there are some, and its pages answer with what they show at that moment.
    if (ask) this.#channel.send({ type: "send_input", data: [] });
    if (this.#channel.dialect === "fastrtc") {
      await this.#inputs.next(signal === undefined ? { timeoutMs } : { signal, timeoutMs });
      if (!keep) this.#inputs.clear();
    }
    return this.#inputs.latest;
  }

  get #onTelephone(): boolean {
    return this.transport.manners === "telephone";
  }

  /** On the telephone what a turn puts out is the next turn's inputs, in the order they are declared, as in FastRTC. */
  #feedBack(args: readonly unknown[]): void {
    const named = this.#inputs.names.slice(0, args.length).map((name, index) => [name, args[index]]);
    if (named.length > 0) this.setInputs(Object.fromEntries(named));
  }

  #onMessage(text: string): void {
    const message = this.#channel.receive(text);
    if (message === undefined) return;
    if (isHello(message)) this.#sayHello();
    else this.#runner.message(message);
  }

  /** The client speaks EdgeRTC's extension: it is told what that says of the session so far. */
  #sayHello(): void {
    this.#inputs.skip();
    const { descriptor } = this.#options.stream;
    this.#channel.welcome({
      type: "session",
      data: {
        sid: this.#options.sid,
        stream: descriptor.name,
        timeLimitMs: this.#timeLimitMs,
        elapsedMs: this.#options.clock.nowMs() - (this.#connectedAtMs ?? this.#options.clock.nowMs()),
        ...(this.#options.secret === undefined ? {} : { secret: this.#options.secret }),
      },
    });
    this.#outputs.showAll();
  }

  #requestClose(close: CloseStream): void {
    if (this.transport.manners === "channel") {
      this.#whenPlayed(CLOSING_MAX_MS, () => this.#channel.send({ type: "end_stream", data: close.message }));
    }
    this.#signal({ type: "close_requested" });
  }

  /** Runs `then` once nothing is queued, or after `maxMs`. */
  #whenPlayed(maxMs: number, then: () => void): void {
    if (!this.#player.playing || maxMs <= 0) then();
    else this.#later(CLOSING_POLL_MS, () => this.#whenPlayed(maxMs - CLOSING_POLL_MS, then));
  }

  /** A client of ours learns why; FastRTC's see the connection close. */
  #tellEnd(reason: EndReason): void {
    // The edge puts the caller in line under the same ticket, when it hears of the end.
    const ticket = this.rejoinsAfter(reason) ? { ticket: ticketOf(this.#options.sid) } : {};
    this.#channel.extend({ type: "bye", data: { reason, ...ticket } });
  }

  async #tearDown(reason: EndReason): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    // What a handler's listener throws is its own session's.
    inContext(this.#handlerContext, () => this.#abort.abort());
    this.#inputs.close();
    this.#player.close();
    this.#hosted?.abandon();
    await Promise.all([this.#runner.stop(), this.transport.close(reason)]);
  }

  #later(delayMs: number, callback: () => void): void {
    const timer = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
  }

  #logError(error: unknown, message: string): void {
    this.#options.log.error(
      { sid: this.#options.sid, stream: this.#options.stream.descriptor.name, err: error },
      message,
    );
  }
}
