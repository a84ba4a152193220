/** The main process's side of one shard: starts it, talks to it, notices when it dies or freezes. */
import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import type { OutputNews, ReplyBody, SessionCommand, SessionEvent } from "../../shared/link.ts";
import type { Clock, Timer } from "../time/clock.ts";
import { FromShard, type ShardConfig, type ShardUsage, TICK_MS, type ToShard } from "./messages.ts";

/** A shard whose thread has not run for this long is frozen: it is killed, its sessions are lost. */
const FROZEN_MS = 10 * TICK_MS;

/** The main process was late by this: it judges nobody by that time. */
const OWN_PAUSE_MS = 2 * TICK_MS;

/**
 * Audio passes through memory outside of V8's heap, which V8 counts towards the next full collection. With a large young generation, or
 * little room to grow, it collects everything once a second to get rid of packets (docs/decisions/0150). In MB, and percent of what lives.
 */
const HEAP = ["--max-semi-space-size=8", "--heap-growing-percent=150"];

export interface ShardProcessEvents {
  ready(streams: readonly StreamDescriptor[]): void;
  broken(message: string): void;
  event(event: SessionEvent): void;
  output(news: OutputNews): void;
  /** Once; every reply still open is settled before. */
  exited(cause: string): void;
}

export class ShardProcess {
  readonly index: number;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #events: ShardProcessEvents;
  readonly #replies = new Map<string, (reply: ReplyBody) => void>();
  #tickedAtMs: number;
  #watch: Timer | undefined;
  #state: "starting" | "ready" | "exited" = "starting";
  #usage: ShardUsage = { cpu: 0, residentBytes: 0, engines: {} };

  constructor(config: ShardConfig, clock: Clock, events: ShardProcessEvents) {
    this.index = config.index;
    this.#clock = clock;
    this.#events = events;
    this.#tickedAtMs = clock.nowMs();
    this.#child = fork(fileURLToPath(new URL("./main.ts", import.meta.url)), [JSON.stringify(config)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: [...process.execArgv, ...HEAP],
    });
    this.#child.on("message", (raw) => this.#onMessage(raw));
    this.#child.on("exit", (code, signal) => this.#onExit(signal ?? `exit code ${code}`));
    this.#child.on("error", (error) => this.#onExit(error.message));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** At the last tick. */
  get usage(): ShardUsage {
    return this.#usage;
  }

  get ready(): boolean {
    return this.#state === "ready";
  }

  /** Milliseconds since its thread last ran, as far as is known. */
  get silentMs(): number {
    return this.#state === "ready" ? this.#clock.nowMs() - this.#tickedAtMs : 0;
  }

  /** Settles with the shard's reply, or with `node_unreachable` when it dies first. */
  execute(command: SessionCommand): Promise<ReplyBody> {
    if (this.#state !== "ready") return Promise.resolve(lost(command.id));
    return new Promise((resolve) => {
      this.#replies.set(command.id, resolve);
      this.send({ kind: "command", command });
    });
  }

  send(message: ToShard): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** Hands a socket over: it is the session process's from here on. */
  handSocket(message: Extract<ToShard, { kind: "socket" }>, socket: Socket): void {
    if (!this.#child.connected) {
      socket.destroy();
      return;
    }
    this.#child.send(message, socket, (error) => {
      if (error !== null) socket.destroy();
    });
  }

  /** Asks it to exit; kills it if it has not after `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    if (this.#state === "exited") return;
    const exited = new Promise<void>((resolve) => {
      this.#child.once("exit", () => resolve());
    });
    this.send({ kind: "exit" });
    const timer = this.#clock.after(timeoutMs, () => this.#child.kill("SIGKILL"));
    await exited;
    timer.cancel();
  }

  #onMessage(raw: unknown): void {
    const message = v.parse(FromShard, raw);
    this.#tickedAtMs = this.#clock.nowMs();
    switch (message.kind) {
      case "ready":
        this.#state = "ready";
        this.#watchTicks();
        this.#events.ready(message.streams);
        break;
      case "broken":
        this.#events.broken(message.message);
        break;
      case "reply":
        this.#replies.get(message.reply.id)?.(message.reply);
        this.#replies.delete(message.reply.id);
        break;
      case "event":
        this.#events.event(message.event);
        break;
      case "output":
        this.#events.output(message.output);
        break;
      case "tick":
        this.#usage = message.usage;
        break;
    }
  }

  #watchTicks(): void {
    const dueMs = this.#clock.nowMs() + TICK_MS;
    this.#watch = this.#clock.after(TICK_MS, () => {
      if (this.#state === "exited") return;
      // This process stood still itself: the ticks of that time may be waiting to be read.
      if (this.#clock.nowMs() - dueMs > OWN_PAUSE_MS) this.#tickedAtMs = this.#clock.nowMs();
      if (this.silentMs > FROZEN_MS) this.#child.kill("SIGKILL");
      this.#watchTicks();
    });
  }

  #onExit(cause: string): void {
    if (this.#state === "exited") return;
    this.#state = "exited";
    this.#watch?.cancel();
    for (const [id, resolve] of this.#replies) resolve(lost(id));
    this.#replies.clear();
    this.#events.exited(cause);
  }
}

function lost(id: string): ReplyBody {
  return { id, ok: false, error: "node_unreachable", message: "The session process died." };
}
