/** A shard's side of one video process: starts it, talks to it, notices when it dies. And a spare one, ready for the next session. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import type { Clock, Timer } from "../../time/clock.ts";
import { FromVideoProcess, type ToVideoProcess } from "./messages.ts";

/** Messages that wait for a process to read them: several seconds of a call. Past it the process is stuck, and killed. */
const MAX_UNREAD = 500;
/** Pictures come and go: most die young. In MB. */
const YOUNG_GENERATION = "--max-semi-space-size=16";
/** The session process's bounds for its own heap: they are for audio. */
const SESSION_HEAP = /^--(max-semi-space-size|heap-growing-percent)=/;
/** A session that has just got the spare one is connecting: the next spare can wait until that is done. */
const SPARE_DELAY_MS = 1_000;

export interface VideoHostEvents {
  message(message: FromVideoProcess): void;
  /** Once, unless it was killed. */
  exited(cause: string): void;
}

/** A session's video process, as the session sees it. */
export interface VideoHost {
  /** Who hears of it from now on, and of what it said before. */
  listen(events: VideoHostEvents): void;
  send(message: ToVideoProcess): void;
  /** Ends it at once. */
  kill(): void;
}

class ProcessHost implements VideoHost {
  readonly #child: ChildProcess;
  #events: VideoHostEvents | undefined;
  #early: FromVideoProcess[] = [];
  #unread = 0;
  #state: "running" | "killed" | "exited" = "running";

  constructor(streamFile: string) {
    this.#child = fork(fileURLToPath(new URL("./main.ts", import.meta.url)), [streamFile], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      serialization: "advanced",
      execArgv: [...process.execArgv.filter((flag) => !SESSION_HEAP.test(flag)), YOUNG_GENERATION],
    });
    this.#child.on("message", (raw) => this.#onMessage(v.parse(FromVideoProcess, raw)));
    this.#child.on("exit", (code, signal) => this.#onExit(signal ?? `exit code ${code}`));
    this.#child.on("error", (error) => this.#onExit(error.message));
  }

  /** Whether it can be given a session. */
  get alive(): boolean {
    return this.#state === "running";
  }

  listen(events: VideoHostEvents): void {
    this.#events = events;
    for (const message of this.#early.splice(0)) events.message(message);
    if (this.#state === "exited") events.exited("it had exited before");
  }

  send(message: ToVideoProcess): void {
    if (!this.#child.connected) return;
    this.#unread++;
    if (this.#unread > MAX_UNREAD) {
      this.#child.kill("SIGKILL");
      return;
    }
    this.#child.send(message, () => this.#unread--);
  }

  kill(): void {
    if (this.#state !== "running") return;
    this.#state = "killed";
    this.#child.kill("SIGKILL");
  }

  #onMessage(message: FromVideoProcess): void {
    if (this.#state !== "running") return;
    if (this.#events === undefined) this.#early.push(message);
    else this.#events.message(message);
  }

  #onExit(cause: string): void {
    if (this.#state !== "running") return;
    this.#state = "exited";
    this.#events?.exited(cause);
  }
}

export interface VideoHostsOptions {
  readonly streamFile: string;
  /** Whether to keep one ready: a shard that serves no video needs none. */
  readonly spare: boolean;
  readonly clock: Clock;
}

/** Where sessions get their video processes. */
export class VideoHosts {
  readonly #options: VideoHostsOptions;
  #spare: ProcessHost | undefined;
  #timer: Timer | undefined;
  #state: "open" | "closed" = "open";

  constructor(options: VideoHostsOptions) {
    this.#options = options;
    this.#prepare();
  }

  /** A process for one session, which is the caller's to stop or to kill. */
  take(): VideoHost {
    const spare = this.#spare;
    this.#spare = undefined;
    this.#timer ??= this.#options.clock.after(SPARE_DELAY_MS, () => {
      this.#timer = undefined;
      this.#prepare();
    });
    return spare?.alive === true ? spare : new ProcessHost(this.#options.streamFile);
  }

  close(): void {
    this.#state = "closed";
    this.#timer?.cancel();
    this.#spare?.kill();
  }

  #prepare(): void {
    const { spare, streamFile } = this.#options;
    if (spare && this.#state === "open" && this.#spare === undefined) this.#spare = new ProcessHost(streamFile);
  }
}
