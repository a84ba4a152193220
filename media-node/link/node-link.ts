/**
 * The node's side of the node link: dials the edge, says hello with everything it holds, answers commands, reports what
 * happens to sessions until the edge has acknowledged it, and passes on how long the edge's word for them holds.
 */
import * as v from "valibot";
import { WebSocket } from "ws";
import {
  type Command,
  EdgeMessage,
  type HelloBody,
  LINK_PING,
  LINK_PING_INTERVAL_MS,
  LINK_PONG,
  LinkClose,
  type NodeMessage,
  type OutputNews,
  type ReplyBody,
  type SessionEvent,
} from "../../shared/link.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { Clock, Timer } from "../time/clock.ts";
import { CommandReplies } from "./command-replies.ts";
import { dial, drop, type Loss } from "./dial.ts";
import { EdgeContact } from "./edge-contact.ts";
import { EventQueue } from "./event-queue.ts";
import {
  INITIAL_LINK,
  type LinkAction,
  type LinkSignal,
  type LinkState,
  nextLink,
  redialDelayMs,
} from "./link-machine.ts";
import { loadMoved } from "./load-moved.ts";
import type { Credentials } from "./node-credentials.ts";
import { OutputQueue } from "./output-queue.ts";

/** Reports are gathered for this long before they are sent. */
const REPORT_BATCH_MS = 20;
/** Load is reported when it has moved by a tenth, at most this often. */
const LOAD_INTERVAL_MS = 1_000;
const OPEN_TIMEOUT_MS = 5_000;
/** The edge finishes the closing handshake within this, or the socket is dropped. */
const GOODBYE_TIMEOUT_MS = 1_000;
const WATCH_INTERVAL_MS = 500;
/** An edge that is away for a moment is not worth a line, nor is each dial of one that is away for long. */
const FAILURES_TO_TELL = 3;

/** As much of a command as any version has. */
const AnyCommand = v.object({
  kind: v.literal("command"),
  seq: v.pipe(v.number(), v.integer(), v.minValue(1)),
  body: v.object({ id: v.string() }),
});

export interface NodeLinkOptions {
  /** The edge's base URL, http or https. */
  readonly edgeUrl: string;
  readonly credentials: Credentials;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** What hello says of the node, beside its load. */
  readonly describe: () => Omit<HelloBody, "epoch" | "nodeId" | "load">;
  readonly load: () => HelloBody["load"];
  readonly onCommand: (command: Command) => Promise<ReplyBody>;
  /** The edge has these events, and their effects are in place. Any end that follows from them has come before. */
  readonly onReported?: (events: readonly SessionEvent[]) => void;
  /** Sessions whose lease is gone. */
  readonly onEnd: (sids: readonly string[]) => void;
  /** The machine's time, which counts while processes are suspended. */
  readonly machineTimeMs: () => number;
  /** The edge's word: sessions may go on until then, in the machine's time, and not longer without another word. */
  readonly onVouched: (untilMs: number) => void;
  /** Another run took this node's name, and its slots: every session must end now. */
  readonly onReplaced: () => void;
  /** False while the node cannot vouch for its shards: it then stays silent. */
  readonly alive: () => boolean;
  readonly onLinked: () => void;
}

export class NodeLink {
  readonly #options: NodeLinkOptions;
  #state: LinkState = INITIAL_LINK;
  #socket: WebSocket | undefined;
  /** The last welcomed socket, if it fell silent and there is no other yet. */
  #silent: WebSocket | undefined;
  #epoch: number | null = null;
  #seq = 0;
  #seen = 0;
  readonly #contact = new EdgeContact();
  readonly #events = new EventQueue();
  readonly #outputs = new OutputQueue();
  readonly #replies: CommandReplies;
  #reportedLoad: HelloBody["load"] | undefined;
  readonly #stopped = Promise.withResolvers<void>();
  readonly #timers: Partial<Record<"dial" | "open" | "ping" | "batch" | "load" | "watch" | "goodbye", Timer>> = {};

  constructor(options: NodeLinkOptions) {
    this.#options = options;
    this.#replies = new CommandReplies(options.onCommand);
  }

  get phase(): LinkState["phase"] {
    return this.#state.phase;
  }

  start(): void {
    this.#watch();
    this.#signal({ type: "dial_due" });
  }

  /** Reports an event of a session; repeated until the edge has it. */
  report(event: SessionEvent): void {
    this.#events.push(event);
    this.#flushSoon();
  }

  /** Reports an output of a session that is watched; repeated as events are, within a bound. */
  reportOutput(news: OutputNews): void {
    this.#outputs.push(news);
    this.#flushSoon();
  }

  #flushSoon(): void {
    this.#timers.batch ??= this.#options.clock.after(REPORT_BATCH_MS, () => {
      delete this.#timers.batch;
      this.#flush();
    });
  }

  /** Says how busy the node is, if that has changed enough. */
  reportLoad(): void {
    if (this.#timers.load !== undefined || this.phase !== "linked") return;
    const load = this.#options.load();
    if (!loadMoved(this.#reportedLoad, load)) return;
    this.#reportedLoad = load;
    this.#send({ kind: "report", body: { events: [], load } });
    this.#timers.load = this.#options.clock.after(LOAD_INTERVAL_MS, () => {
      delete this.#timers.load;
      this.reportLoad();
    });
  }

  /** Sends what is still to be said, waits for the edge to have it or for `timeoutMs`, says goodbye and hangs up. */
  async stop(timeoutMs: number): Promise<void> {
    this.#flush();
    const untilMs = this.#options.clock.nowMs() + timeoutMs;
    while (this.phase === "linked" && this.#hasUnsaid() && this.#options.clock.nowMs() < untilMs) {
      await new Promise<void>((resolve) => {
        this.#options.clock.after(REPORT_BATCH_MS, resolve);
      });
    }
    this.#signal({ type: "stop" });
    await this.#stopped.promise;
  }

  #hasUnsaid(): boolean {
    return !this.#events.isSettled || !this.#outputs.isSettled || this.#replies.open > 0;
  }

  #signal(signal: LinkSignal): void {
    const { state, actions } = nextLink(this.#state, signal);
    this.#state = state;
    for (const action of actions) this.#perform(action);
  }

  #perform(action: LinkAction): void {
    switch (action) {
      case "dial":
        this.#dial();
        break;
      case "greet":
        this.#greet();
        break;
      case "resume":
        this.#ping();
        this.#flush();
        this.#options.onLinked();
        break;
      case "say_goodbye":
        this.#timers.goodbye = this.#options.clock.after(GOODBYE_TIMEOUT_MS, () => this.#signal({ type: "lost" }));
        this.#socket?.close(LinkClose.goodbye, "shutting down");
        break;
      case "drop_socket":
        this.#dropSocket();
        if (this.phase === "stopped") this.#end();
        break;
      case "schedule_dial": {
        const delayMs = redialDelayMs(this.#state.failures, this.#options.random());
        this.#timers.dial = this.#options.clock.after(delayMs, () => this.#signal({ type: "dial_due" }));
        break;
      }
    }
  }

  #end(): void {
    for (const timer of Object.values(this.#timers)) timer.cancel();
    this.#dropSilent();
    this.#stopped.resolve();
  }

  #dial(): void {
    const { edgeUrl, credentials, nodeId, clock, log } = this.#options;
    const own = (act: () => void) => (): void => {
      if (this.#socket === socket) act();
    };
    const lost = (loss: Loss): void => {
      if (this.#socket === socket) this.#lost(loss);
      // It was dead, or so it seemed, and has closed now: the edge may see it as well.
      else if (this.#silent === socket) this.#vouch(this.#contact.closed());
    };
    const socket = dial({
      edgeUrl,
      credentials,
      epoch: this.#epoch,
      nodeId,
      log,
      quiet: this.#state.failures !== FAILURES_TO_TELL,
      onOpen: own(() => this.#signal({ type: "opened" })),
      onMessage: (text) => own(() => this.#onMessage(text))(),
      onLost: lost,
    });
    this.#socket = socket;
    this.#timers.open = clock.after(
      OPEN_TIMEOUT_MS,
      own(() => this.#lost("closed")),
    );
  }

  /** The present socket is lost. What that means for the sessions depends on what the edge has seen of it. */
  #lost(loss: Loss): void {
    if (loss === "replaced") this.#options.onReplaced();
    else if (loss === "edge_down") this.#vouch(this.#contact.edgeDown());
    // Before it was open the edge had nothing to see.
    else if (this.phase !== "dialling") this.#vouch(this.#contact.closed());
    this.#signal({ type: "lost" });
  }

  #vouch(untilMs: number | null): void {
    if (untilMs !== null) this.#options.onVouched(untilMs);
  }

  #greet(): void {
    this.#seq = 0;
    this.#seen = 0;
    // What was not acknowledged on the last socket is said again on this one.
    this.#events.rewind();
    this.#outputs.rewind();
    const { nodeId, describe, load } = this.#options;
    const body = { ...describe(), load: load(), nodeId, epoch: this.#epoch };
    this.#reportedLoad = body.load;
    this.#contact.greeted(this.#options.machineTimeMs());
    this.#send({ kind: "hello", body });
  }

  #dropSocket(): void {
    this.#timers.open?.cancel();
    this.#timers.ping?.cancel();
    this.#contact.dropped();
    if (this.#socket !== undefined) drop(this.#socket);
    this.#socket = undefined;
  }

  #dropSilent(): void {
    if (this.#silent !== undefined) drop(this.#silent);
    this.#silent = undefined;
  }

  #onMessage(text: string): void {
    if (text === LINK_PONG) {
      this.#answered();
      return;
    }
    const json = parseJson(text);
    const parsed = v.safeParse(EdgeMessage, json);
    if (!parsed.success) {
      this.#notUnderstood(json, text);
      return;
    }
    const message = parsed.output;
    this.#seen = Math.max(this.#seen, message.seq);
    const arrived = this.#events.acknowledged(message.ack);
    if (arrived.length > 0) this.#options.onReported?.(arrived);
    this.#outputs.acknowledged(message.ack);
    switch (message.kind) {
      case "welcome":
        this.#timers.open?.cancel();
        this.#dropSilent();
        this.#epoch = message.body.epoch;
        this.#answered();
        if (message.body.end.length > 0) this.#options.onEnd(message.body.end);
        this.#signal({ type: "welcomed" });
        break;
      case "command":
        this.#replies.answer(message.body, (body) => this.#send({ kind: "reply", body }));
        break;
      case "ack":
        break;
    }
  }

  #answered(): void {
    this.#vouch(this.#contact.answered());
  }

  /** The edge may be newer: a command that this node does not know is refused, so that nobody waits for it. */
  #notUnderstood(json: unknown, text: string): void {
    this.#options.log.warn({ text: text.slice(0, 200) }, "the edge sent a message this node does not understand");
    const unknown = v.safeParse(AnyCommand, json);
    if (!unknown.success) return;
    const { seq, body } = unknown.output;
    this.#seen = Math.max(this.#seen, seq);
    this.#send({ kind: "reply", body: { id: body.id, ok: false, error: "protocol_mismatch" } });
  }

  #flush(): void {
    if (this.phase !== "linked") return;
    while (!this.#events.isEmpty || !this.#outputs.isEmpty) {
      const events = this.#events.take();
      const outputs = this.#outputs.take();
      const body = { events, load: this.#options.load(), ...(outputs.length === 0 ? {} : { outputs }) };
      const seq = this.#send({ kind: "report", body });
      this.#events.sent(seq, events);
      this.#outputs.sent(seq, outputs);
    }
  }

  #send(message: Pick<NodeMessage, "kind" | "body">): number {
    this.#seq += 1;
    const socket = this.#socket;
    if (socket?.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ v: PROTOCOL_VERSION, seq: this.#seq, ack: this.#seen, ...message }));
    }
    return this.#seq;
  }

  #ping(): void {
    if (this.#options.alive()) {
      this.#contact.pinged(this.#options.machineTimeMs());
      this.#socket?.send(LINK_PING);
    }
    this.#timers.ping = this.#options.clock.after(LINK_PING_INTERVAL_MS, () => this.#ping());
  }

  /**
   * Notices a socket that is dead without a word: another is tried. It stays open until there is one, for if the edge saw it
   * close it would wait for five seconds only.
   */
  #watch(): void {
    const { clock, machineTimeMs } = this.#options;
    this.#timers.watch = clock.after(WATCH_INTERVAL_MS, () => {
      if (this.phase === "linked" && this.#contact.isOverdue(machineTimeMs())) {
        this.#silent = this.#socket;
        this.#socket = undefined;
        this.#signal({ type: "lost" });
      }
      this.#watch();
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
