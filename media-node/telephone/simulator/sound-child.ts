/** A program that records or plays, as a child of ours: started, watched, and ended with its owner. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { EdgeRtcError } from "../../../shared/errors.ts";
import type { Clock } from "../../time/clock.ts";
import { type SoundProgram, type SoundTask, soundPrograms } from "./sound-programs.ts";

/** A recorder that has given no sound by then is not going to. Macs ask their user first. */
const RECORDER_PROOF_MS = 10_000;
/** A player without a device ends by then. */
const PLAYER_PROOF_MS = 400;
const STOP_TIMEOUT_MS = 1_000;
/** Of what it prints is kept, to say why it failed. */
const MAX_COMPLAINT_CHARS = 1_000;

export interface SoundOptions {
  readonly clock: Clock;
  /** Default: this machine's. */
  readonly platform?: NodeJS.Platform;
  /** Of the program; PATH is where it is looked for. Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface SoundChild {
  /** Raw samples of a recorder. */
  readonly output: Readable;
  /** Takes raw samples for a player. */
  readonly input: Writable;
  /** Settles when it has ended, stopped or not, with what it said. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts the first program that works.
 * @throws EdgeRtcError `sound_program_missing` where none is installed, `sound_program_failed` where those that are do not work.
 */
export async function startSound(task: SoundTask, options: SoundOptions): Promise<SoundChild> {
  const programs = soundPrograms(task, options.platform ?? process.platform);
  const failures: string[] = [];
  for (const program of programs) {
    const child = new Child(program, options);
    const why = await child.proves(task);
    if (why === undefined) return child;
    await child.stop();
    if (child.installed) failures.push(`${program.name}: ${why}`);
  }
  if (failures.length > 0) throw new EdgeRtcError("sound_program_failed", failures.join(" · "));
  const names = programs.map(({ name }) => name).join(", ");
  throw new EdgeRtcError("sound_program_missing", `There is no program to ${task} sound with on PATH: ${names}.`);
}

class Child implements SoundChild {
  readonly ended: Promise<string>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #clock: Clock;
  #complaint = "";
  #installed = true;

  constructor({ name, args }: SoundProgram, { clock, env = process.env }: SoundOptions) {
    this.#clock = clock;
    // In a group of its own: Ctrl+C is for the call, which then ends its programs.
    this.#child = spawn(name, args, { stdio: ["pipe", "pipe", "pipe"], env, detached: true, windowsHide: true });
    const { stdin, stdout, stderr } = this.#child;
    stderr.on("data", (chunk) => {
      this.#complaint = `${this.#complaint}${String(chunk)}`.slice(-MAX_COMPLAINT_CHARS);
    });
    // It has ended, which is told below.
    for (const stream of [stdin, stdout, stderr]) stream.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => resolve(this.#complaint.trim() || `it ended (${signal ?? code})`));
      this.#child.once("error", (error) => {
        this.#installed = !("code" in error && error.code === "ENOENT");
        resolve(error.message);
      });
    });
  }

  get installed(): boolean {
    return this.#installed;
  }

  get output(): Readable {
    return this.#child.stdout;
  }

  get input(): Writable {
    return this.#child.stdin;
  }

  /** @returns why it does not work; undefined where it does. */
  async proves(task: SoundTask): Promise<string | undefined> {
    const proof = Promise.withResolvers<string | undefined>();
    const works = () => proof.resolve(undefined);
    const timer = this.#clock.after(task === "record" ? RECORDER_PROOF_MS : PLAYER_PROOF_MS, () =>
      task === "record" ? proof.resolve("it gives no sound") : works(),
    );
    // Without a listener for data nothing is lost: what has come waits for its reader. The end is readable, too.
    const heard = () => (this.output.readableLength > 0 ? works() : undefined);
    if (task === "record") this.output.on("readable", heard);
    try {
      return await Promise.race([this.ended, proof.promise]);
    } finally {
      timer.cancel();
      this.output.off("readable", heard);
    }
  }

  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    const timer = this.#clock.after(STOP_TIMEOUT_MS, () => this.#child.kill("SIGKILL"));
    await this.ended;
    timer.cancel();
  }
}
