/**
 * A telephone call without a telephone: asks for the call's instructions as a provider does, follows them, speaks and hears over the
 * media socket at real pace. For tests and demos (`edgertc dial`).
 */
import { createHmac, randomBytes } from "node:crypto";
import { WebSocket } from "ws";
import type { TelephoneProvider } from "../../../shared/telephone/call-message.ts";
import { g711 } from "../../audio/g711.ts";
import type { Clock, Timer } from "../../time/clock.ts";
import { Earpiece } from "./earpiece.ts";
import { readInstruction, type Step } from "./instruction.ts";
import { LINES, type Line, type LineFacts } from "./line.ts";
import { Mouth } from "./mouth.ts";

const TICK_MS = 20;
/** Instructions followed without a pause between them: a redirect to itself would go on for ever. */
const MAX_INSTRUCTIONS = 10;
const REQUEST_TIMEOUT_MS = 10_000;

export interface PhoneCallOptions {
  /** Where the provider would ask for instructions, with or without `/telephone/incoming`. */
  readonly url: string;
  /** Default: twilio. */
  readonly provider?: TelephoneProvider;
  readonly clock: Clock;
  /** The account's secret, to sign requests with as Twilio does. Default: unsigned. */
  readonly authToken?: string;
  readonly from?: string;
  readonly to?: string;
  /** What is typed when the instructions ask for keys, one after the other; then nothing is. Default: nothing. */
  readonly answers?: readonly string[];
  /** Told when the call is over, as the status callback of a number. */
  readonly statusUrl?: string;
  /** Told what happens, as it happens. */
  readonly onEvent?: (event: PhoneEvent) => void;
  /** Takes what is heard, as it is heard: 20 ms at 8 kHz, silence included. */
  readonly onHeard?: (samples: Int16Array) => void;
}

/** What happens in a call, with the time since its media began. */
export type PhoneEvent = { readonly atMs: number } & (
  | { readonly event: "instruction"; readonly steps: readonly Step[] }
  | { readonly event: "said"; readonly text: string }
  | { readonly event: "typed"; readonly digits: string }
  | { readonly event: "connected"; readonly url: string }
  | { readonly event: "played"; readonly name: string }
  | { readonly event: "cleared"; readonly droppedMs: number }
  /** Something that a provider would have refused. */
  | { readonly event: "fault"; readonly what: string }
  | { readonly event: "disconnected"; readonly code: number; readonly reason: string }
  | { readonly event: "ended" }
);

type WithoutTime<T> = T extends unknown ? Omit<T, "atMs"> : never;

export class PhoneCall {
  readonly facts: LineFacts;
  readonly #options: PhoneCallOptions;
  readonly #line: Line;
  readonly #base: URL;
  readonly #answers: string[];
  readonly #events: PhoneEvent[] = [];
  readonly #earpiece: Earpiece;
  readonly #ended = Promise.withResolvers<void>();
  readonly #mouth = new Mouth();
  #facts: LineFacts;
  #socket: WebSocket | undefined;
  #timer: Timer | undefined;
  #chunk = 0;
  #dialledMs: number | undefined;
  #startedMs: number | undefined;
  #ticks = 0;
  #state: "new" | "instructed" | "talking" | "ended" = "new";

  constructor(options: PhoneCallOptions) {
    this.#options = options;
    const { provider = "twilio", from = "+14155550100", to = "+14155550199" } = options;
    this.#line = LINES[provider];
    this.#base = new URL(options.url);
    this.#answers = [...(options.answers ?? [])];
    const hex = (bytes: number) => randomBytes(bytes).toString("hex");
    const ids = { accountId: `AC${hex(16)}`, callId: `CA${hex(16)}`, streamId: `MZ${hex(16)}` };
    this.facts = { ...ids, from, to, parameters: {} };
    this.#facts = this.facts;
    this.#earpiece = new Earpiece({ played: (name) => this.#played(name) });
  }

  get events(): readonly PhoneEvent[] {
    return this.#events;
  }

  /** What has been heard since the media began: 8 kHz, silence included. */
  get heard(): Int16Array<ArrayBuffer> {
    return this.#earpiece.heard;
  }

  /** Milliseconds of media so far. */
  get elapsedMs(): number {
    return this.#earpiece.elapsedMs;
  }

  /** Settles when the call is over, whoever hung up. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Places the call and settles when its media flows, or when it has ended without. @throws Error where it cannot be placed. */
  async dial(): Promise<void> {
    // Whoever was to call has thought better of it.
    if (this.#isOver) return;
    if (this.#state !== "new") throw new Error("A call is made once.");
    this.#state = "instructed";
    this.#dialledMs = this.#options.clock.nowMs();
    try {
      await this.#follow(this.#incomingUrl(), MAX_INSTRUCTIONS);
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  /** Says something, after what is being said. Settles when the last of it has been sent. @param samples 8 kHz. */
  say(samples: Int16Array): Promise<void> {
    return this.#mouth.say(samples);
  }

  /** Says what a microphone hears at this moment; nothing before the media flows. @param samples 8 kHz. */
  sayLive(samples: Int16Array): void {
    if (this.#state === "talking") this.#mouth.sayLive(samples);
  }

  /** Presses keys, at once. */
  press(digits: string): void {
    for (const digit of digits) this.#send(this.#line.digit(this.#facts, digit));
  }

  hangUp(): void {
    if (this.#state === "ended") return;
    if (this.#line.stop !== undefined) this.#send(this.#line.stop(this.#facts));
    this.#end();
  }

  /** Drops the media socket without a word, as a network does. */
  cut(): void {
    this.#socket?.terminate();
  }

  /** Sends something of one's own on the media socket. */
  sendRaw(data: string | Uint8Array): void {
    this.#send(data);
  }

  #incomingUrl(): URL {
    const path = this.#base.pathname.replace(/\/$/, "");
    const url = new URL(this.#base);
    url.pathname = /\/telephone\/(?:gateway\/)?incoming$/.test(path) ? path : `${path}/telephone/incoming`;
    return url;
  }

  async #follow(url: URL, instructions: number, digits?: string): Promise<void> {
    let left = instructions;
    if (left === 0) throw new Error("The instructions lead in a circle.");
    const steps = readInstruction(await this.#ask(url, digits));
    this.#note({ event: "instruction", steps });
    for (const [index, step] of steps.entries()) {
      if (this.#isOver) return;
      switch (step.step) {
        case "say":
          this.#note({ event: "said", text: step.text });
          break;
        case "stream":
          await this.#connect(step.url, step.parameters);
          this.#after(steps.slice(index + 1), left);
          return;
        case "ask": {
          const answer = this.#answers.shift()?.slice(0, step.digits);
          if (answer === undefined) break;
          this.#note({ event: "typed", digits: answer });
          await this.#follow(this.#reachable(step.url), left - 1, answer);
          return;
        }
        case "wait":
          await this.#pause(step.seconds * 1_000);
          if (step.seconds > 0) left = MAX_INSTRUCTIONS;
          break;
        case "redirect":
          await this.#follow(this.#reachable(step.url), left - 1);
          return;
        case "hang_up":
          this.#end();
          return;
      }
    }
    this.#end();
  }

  async #pause(durationMs: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(durationMs, () => over.resolve());
    await Promise.race([over.promise, this.ended]);
    timer.cancel();
  }

  get #isOver(): boolean {
    return this.#state === "ended";
  }

  /** What comes when the stream has ended, as long as nobody has hung up. */
  #after(steps: readonly Step[], left: number): void {
    const socket = this.#socket;
    socket?.once("close", () => {
      this.#timer?.cancel();
      if (this.#isOver) return;
      const redirect = steps.find((step) => step.step === "redirect");
      for (const step of steps) if (step.step === "say") this.#note({ event: "said", text: step.text });
      if (redirect === undefined) this.#end();
      else {
        this.#follow(this.#reachable(redirect.url), left - 1).catch((error: unknown) => {
          this.#note({ event: "fault", what: String(error) });
          this.#end();
        });
      }
    });
  }

  #ask(url: URL, digits?: string): Promise<string> {
    const { provider = "twilio" } = this.#options;
    return this.#post(url, {
      CallStatus: "ringing",
      ...(provider === "plivo" ? { Event: "StartApp" } : {}),
      ...(digits === undefined ? {} : { Digits: digits }),
    });
  }

  /** Tells whoever wants to know that the call is over. */
  async #report(url: URL): Promise<void> {
    const { provider = "twilio", clock } = this.#options;
    const seconds = String(Math.ceil((clock.nowMs() - (this.#dialledMs ?? clock.nowMs())) / 1_000));
    const lasted = provider === "plivo" ? { Duration: seconds, Event: "Hangup" } : { CallDuration: seconds };
    await this.#post(url, { CallStatus: "completed", ...lasted });
  }

  /** A request about the call, as its provider makes them. @returns the reply. */
  async #post(url: URL, fields: Readonly<Record<string, string>>): Promise<string> {
    const { accountId, callId, from, to } = this.#facts;
    const { provider = "twilio", authToken } = this.#options;
    const ids = provider === "plivo" ? { CallUUID: callId } : { AccountSid: accountId, CallSid: callId };
    const form = new URLSearchParams({ ...ids, From: from, To: to, Direction: "inbound", ...fields });
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": USER_AGENTS[provider],
        ...UNSIGNED[provider],
        ...(authToken === undefined ? {} : { "x-twilio-signature": twilioSignature(authToken, url.href, form) }),
      },
      body: form.toString(),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url.href} answered ${response.status}: ${text.slice(0, 500)}`);
    return text;
  }

  /** On one's own machine nothing ends TLS; and FastRTC's instructions have no port: then the socket is where they came from. */
  #reachable(address: string): URL {
    const url = new URL(address);
    if (url.hostname !== this.#base.hostname) return url;
    url.protocol = url.protocol.startsWith("ws") ? this.#base.protocol.replace("http", "ws") : this.#base.protocol;
    if (url.port === "") url.port = this.#base.port;
    return url;
  }

  async #connect(address: string, parameters: Readonly<Record<string, string>>): Promise<void> {
    const url = this.#reachable(address);
    const { authToken } = this.#options;
    const headers: Record<string, string> =
      authToken === undefined
        ? {}
        : { "x-twilio-signature": twilioSignature(authToken, address, new URLSearchParams()) };
    // Each stream of a call has an id of its own.
    this.#facts = {
      ...this.facts,
      parameters,
      ...(this.#chunk === 0 ? {} : { streamId: `MZ${randomBytes(16).toString("hex")}` }),
    };
    const socket = new WebSocket(url, { headers, handshakeTimeout: REQUEST_TIMEOUT_MS });
    socket.on("message", (data, isBinary) => this.#receive(isBinary ? null : String(data)));
    socket.on("close", (code, reason) => this.#note({ event: "disconnected", code, reason: String(reason) }));
    const opened = Promise.withResolvers<void>();
    socket.once("open", () => opened.resolve());
    socket.on("error", (error) => opened.reject(new Error(`${url.href}: ${error.message}`)));
    await opened.promise;
    this.#socket = socket;
    this.#chunk = 0;
    this.#state = "talking";
    this.#note({ event: "connected", url: url.href });
    for (const message of this.#line.greet(this.#facts)) this.#send(message);
    this.#startedMs ??= this.#options.clock.nowMs();
    this.#ticks = Math.round((this.#options.clock.nowMs() - this.#startedMs) / TICK_MS);
    this.#tick();
  }

  /** 20 ms of the call: what is said leaves, what waits is heard. */
  #tick(): void {
    if (this.#state !== "talking") return;
    const heard = this.#earpiece.tick();
    this.#options.onHeard?.(g711("mulaw").decode(heard));
    this.#chunk += 1;
    const payload = Buffer.from(this.#mouth.next()).toString("base64");
    this.#send(this.#line.media(this.#facts, payload, this.#chunk));
    this.#ticks += 1;
    const dueMs = (this.#startedMs ?? 0) + this.#ticks * TICK_MS;
    this.#timer = this.#options.clock.after(Math.max(0, dueMs - this.#options.clock.nowMs()), () => this.#tick());
  }

  #receive(text: string | null): void {
    const order = text === null ? null : this.#line.order(this.#facts, parseJson(text));
    if (order === null) {
      this.#note({ event: "fault", what: `the provider would refuse: ${text?.slice(0, 200) ?? "a binary message"}` });
      return;
    }
    switch (order.order) {
      case "play":
        this.#earpiece.play(Buffer.from(order.payload, "base64"));
        break;
      case "mark":
        this.#earpiece.mark(order.name);
        break;
      case "clear":
        this.#note({ event: "cleared", droppedMs: this.#earpiece.clear() });
        if (this.#line.cleared !== undefined) this.#send(this.#line.cleared(this.#facts));
        break;
    }
  }

  #played(name: string): void {
    this.#note({ event: "played", name });
    this.#send(this.#line.played(this.#facts, name));
  }

  #send(data: string | Uint8Array): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(data);
  }

  #note(event: WithoutTime<PhoneEvent>): void {
    const timed: PhoneEvent = { atMs: this.#earpiece.elapsedMs, ...event };
    this.#events.push(timed);
    this.#options.onEvent?.(timed);
  }

  #end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#timer?.cancel();
    this.#socket?.close();
    this.#mouth.close();
    this.#note({ event: "ended" });
    const { statusUrl } = this.#options;
    const reported = statusUrl === undefined ? Promise.resolve() : this.#report(new URL(statusUrl));
    reported
      .catch((error: unknown) => this.#note({ event: "fault", what: String(error) }))
      .finally(() => this.#ended.resolve());
  }
}

const USER_AGENTS: Readonly<Record<TelephoneProvider, string>> = {
  twilio: "TwilioProxy/1.1",
  telnyx: "telnyx-webhooks",
  plivo: "plivo",
};

/** Each provider signs with headers of its own, which tell who it is. These are worth nothing: there is no account behind them. */
const UNSIGNED: Readonly<Record<TelephoneProvider, Readonly<Record<string, string>>>> = {
  twilio: {},
  telnyx: { "telnyx-signature-ed25519": "c2ltdWxhdGVk", "telnyx-timestamp": "0" },
  plivo: { "x-plivo-signature-v3": "c2ltdWxhdGVk", "x-plivo-signature-v3-nonce": "0" },
};

/** As Twilio signs: HMAC-SHA1 of the URL with the form's fields behind it, sorted. */
function twilioSignature(authToken: string, url: string, form: URLSearchParams): string {
  const fields = [...form].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}${value}`);
  return createHmac("sha1", authToken)
    .update(`${url}${fields.join("")}`)
    .digest("base64");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
