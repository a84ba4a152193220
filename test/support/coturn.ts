/** A real coturn on loopback, with credentials of the TURN REST API. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "./stack.ts";

const HOST = "127.0.0.1";
const REALM = "edgertc.test";

/** Why there is none on this machine; null where there is one. */
export function coturnMissing(): string | null {
  try {
    execFileSync("turnserver", ["--version"], { stdio: "ignore", timeout: 5_000 });
    return null;
  } catch {
    return "no turnserver in the PATH: apt-get install coturn";
  }
}

export class Coturn {
  readonly secret: string;
  /** `host:port`, for UDP and TCP. */
  readonly address: string;
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #exited: Promise<unknown>;
  #log = "";

  private constructor(child: ChildProcess, secret: string, address: string, folder: string) {
    this.#process = child;
    this.secret = secret;
    this.address = address;
    this.#folder = folder;
    this.#exited = new Promise((resolve) => child.once("exit", resolve));
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (this.#log += String(chunk)));
  }

  static async start(secret: string): Promise<Coturn> {
    const port = await freePort();
    const folder = await mkdtemp(path.join(tmpdir(), "edgertc-coturn-"));
    const child = spawn(
      "turnserver",
      [
        // Its own configuration file and database are none of ours.
        ...["-n", "--no-cli", `--userdb=${path.join(folder, "turndb")}`, `--pidfile=${path.join(folder, "pid")}`],
        ...["--log-file=stdout", "--verbose", "--simple-log"],
        ...[`--listening-ip=${HOST}`, `--relay-ip=${HOST}`, `--listening-port=${port}`, "--no-tls", "--no-dtls"],
        // The media node is on this machine.
        "--allow-loopback-peers",
        ...["--use-auth-secret", `--static-auth-secret=${secret}`, `--realm=${REALM}`, "--fingerprint"],
      ],
      { stdio: ["ignore", "pipe", "pipe"], cwd: folder },
    );
    const coturn = new Coturn(child, secret, `${HOST}:${port}`, folder);
    try {
      await until(() => {
        if (child.exitCode !== null) throw new Error(`coturn ended with ${child.exitCode}:\n${coturn.log}`);
        // UDP is the last it opens.
        return coturn.log.includes("UDP listener opened on");
      });
    } catch (error) {
      await coturn.stop();
      throw error;
    }
    return coturn;
  }

  get log(): string {
    return this.#log;
  }

  /** URLs as EDGERTC_TURN_URLS takes them. */
  get urls(): string {
    return `turn:${this.address}?transport=udp,turn:${this.address}?transport=tcp`;
  }

  async stop(): Promise<void> {
    // coturn takes seconds for a polite end.
    this.#process.kill("SIGKILL");
    await this.#exited;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, HOST, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
