/** The server that is measured: edge in workerd and, as a rule, one media node, as one process tree on a core of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Pinning, pinned } from "./pinning.ts";
import { processTree } from "./process-tree.ts";
import { abortable, sleep } from "./wait.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The first start downloads a model and bundles the Worker. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 8_000;
/** After it is up: what it still does is not part of a figure. */
const SETTLE_MS = 400;
/** Of its output, kept for the message when it does not start. */
const MAX_LOG_CHARS = 20_000;

export type IceMode = "full" | "lite";
/**
 * `admission`: the edge alone (admission-edge.ts). Else edge and media node, with full ICE or ICE-lite; `two_processes`: with two
 * session processes on the same core; `talk`: with speech models (talk-streams.ts); `video`: video-streams.ts; `bridged`: the edge
 * passes media over WebSockets on.
 */
export type ServerKind = IceMode | "admission" | "two_processes" | "talk" | "video" | "bridged";

export interface Server {
  readonly url: string;
  /** The root of its process tree. */
  readonly pid: number;
}

/** Starts one server after the other; they share a folder of state, so that the Worker is bundled once. */
export class ServerHost {
  readonly #stateDir: string;
  readonly #pinning: Pinning;

  private constructor(stateDir: string, pinning: Pinning) {
    this.#stateDir = stateDir;
    this.#pinning = pinning;
  }

  static async open(pinning: Pinning): Promise<ServerHost> {
    return new ServerHost(await mkdtemp(path.join(tmpdir(), "edgertc-bench-")), pinning);
  }

  /** Runs `work` against a server of its own. @throws Error with the server's output when it does not come up. */
  async with<T>(kind: ServerKind, signal: AbortSignal, work: (server: Server) => Promise<T>): Promise<T> {
    const script = commandOf(kind, this.#stateDir);
    const [command = "", ...args] = pinned(this.#pinning.serverCpu, [process.execPath, ...script]);
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    const killTree = () => kill(child.pid);
    process.once("exit", killTree);
    try {
      const url = await listening(child, AbortSignal.any([signal, AbortSignal.timeout(START_TIMEOUT_MS)]));
      await sleep(SETTLE_MS, signal);
      return await work({ url, pid: child.pid ?? 0 });
    } finally {
      await stop(child);
      process.off("exit", killTree);
    }
  }

  async close(): Promise<void> {
    await rm(this.#stateDir, { recursive: true, force: true });
  }
}

/** More than any row has: how many a core carries is what is measured. */
const CAPACITY = "200";
const FLAGS: Readonly<Partial<Record<ServerKind, readonly string[]>>> = {
  lite: ["--ice-lite"],
  bridged: ["--bridged"],
};

function commandOf(kind: ServerKind, stateDir: string): readonly string[] {
  if (kind === "admission") return ["bench/lib/admission-edge.ts", stateDir];
  const streams = `bench/${kind === "talk" || kind === "video" ? `${kind}-` : ""}streams.ts`;
  const dev = ["media-node/cli/main.ts", "dev", streams, "--port", "0", "--state-dir", stateDir];
  const shards = kind === "two_processes" ? "2" : "1";
  return [...dev, "--shards", shards, "--capacity", CAPACITY, ...(FLAGS[kind] ?? [])];
}

async function listening(child: ChildProcess, signal: AbortSignal): Promise<string> {
  let output = "";
  const up = Promise.withResolvers<string>();
  const onOutput = (chunk: unknown): void => {
    output = (output + String(chunk)).slice(-MAX_LOG_CHARS);
    const url = /EdgeRTC is running[\s\S]*?(http:\/\/[\d.]+:\d+)/.exec(output)?.[1];
    if (url !== undefined) up.resolve(url);
  };
  child.stdout?.on("data", onOutput);
  child.stderr?.on("data", onOutput);
  child.once("error", up.reject);
  child.once("exit", (code) => up.reject(new Error(`it ended with exit code ${code}`)));
  try {
    return await abortable(up.promise, signal);
  } catch (cause) {
    throw new Error(`The server did not come up.\n${output}`, { cause });
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  const timer = setTimeout(() => kill(child.pid), STOP_TIMEOUT_MS);
  child.kill("SIGTERM");
  await exit;
  clearTimeout(timer);
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  // The whole tree is listed before any of it is gone.
  for (const member of processTree(pid)) {
    try {
      process.kill(member, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
