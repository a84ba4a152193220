/**
 * A public https address for an edge on this machine, by Cloudflare's `cloudflared`, which must be installed: a quick tunnel needs
 * no account. For trying; it lasts as long as this process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "../time/clock.ts";

/** The tunnel's address, as the command prints it. */
const ADDRESS = /https:\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)*\.trycloudflare\.com)/;
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 3_000;
/** Of what it prints is kept, to say why it failed. */
const MAX_LOG_CHARS = 4_000;

export interface TunnelOptions {
  /** Where the edge is on this machine: `http://127.0.0.1:8787`. */
  readonly url: string;
  readonly clock: Clock;
  /** The program and its first arguments. Default: `cloudflared`. */
  readonly command?: readonly [string, ...string[]];
}

export interface Tunnel {
  /** Without a scheme. */
  readonly host: string;
  /** Settles when the tunnel has ended, stopped or not. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** @throws Error where the command is not installed, ends, or gives no address in time. */
export async function startTunnel({ url, clock, command = ["cloudflared"] }: TunnelOptions): Promise<Tunnel> {
  const [program, ...first] = command;
  const child = spawn(program, [...first, "tunnel", "--no-autoupdate", "--url", url], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const timer = clock.after(STOP_TIMEOUT_MS, () => child.kill("SIGKILL"));
    await ended;
    timer.cancel();
  };
  try {
    return { host: await addressOf(child, clock), ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function addressOf(child: ChildProcess, clock: Clock): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let log = "";
  const read = (chunk: unknown): void => {
    log = `${log}${String(chunk)}`.slice(-MAX_LOG_CHARS);
    const [, host] = ADDRESS.exec(log) ?? [];
    if (host !== undefined) resolve(host);
  };
  child.stdout?.on("data", read);
  child.stderr?.on("data", read);
  child.once("error", (error) => {
    const missing = "code" in error && error.code === "ENOENT";
    reject(missing ? new Error("cloudflared is not installed: see Cloudflare's documentation of it.") : error);
  });
  child.once("exit", (code) => reject(new Error(`cloudflared ended with ${code}: ${log.trim().slice(-500)}`)));
  const timer = clock.after(START_TIMEOUT_MS, () => reject(new Error("cloudflared gave no address within 30 s.")));
  try {
    return await promise;
  } finally {
    timer.cancel();
  }
}
