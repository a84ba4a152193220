/** A real coturn on loopback, started as the recipe in `deploy/coturn` starts it. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./stack.ts";

const HOST = "127.0.0.1";
const RECIPE = fileURLToPath(new URL("../../deploy/coturn/start", import.meta.url));
const EVERYWHERE = "0.0.0.0-255.255.255.255";

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

  /** @param options.allowedPeers private addresses it relays to; default all, as the media node is on this machine. */
  static async start(secret: string, options: { readonly allowedPeers?: string } = {}): Promise<Coturn> {
    const port = await freePort();
    const folder = await mkdtemp(path.join(tmpdir(), "edgertc-coturn-"));
    const child = spawn(RECIPE, ["--verbose", "--allow-loopback-peers"], {
      stdio: ["ignore", "pipe", "pipe"],
      cwd: folder,
      env: {
        ...process.env,
        TURN_SECRET: secret,
        TURN_EXTERNAL_IP: HOST,
        TURN_LISTEN_IP: HOST,
        TURN_PORT: String(port),
        TURN_FOLDER: folder,
        TURN_ALLOWED_PEERS: options.allowedPeers ?? EVERYWHERE,
      },
    });
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

  /** Has coturn's own client ask for data to be relayed to an address; what came of it is in the log. */
  probe(peer: string): void {
    const [host = "", port = ""] = this.address.split(":");
    const args = ["-p", port, "-u", "probe", "-W", this.secret, "-e", peer, "-n", "1", "-m", "1", host];
    // It ends with an error where it is refused, or not at all.
    spawnSync("turnutils_uclient", args, { timeout: 3_000, stdio: "ignore" });
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
