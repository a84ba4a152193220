/** The real thing for tests: the edge in workerd and media nodes as processes of their own, all on free ports. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type LocalEdge, startLocalEdge } from "../../media-node/local/edge.ts";
import { BUNDLES } from "./one-bundle.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SECRET = "secret-of-the-tests";

export interface NodeHandle {
  readonly id: string;
  readonly process: ChildProcess;
  /** Everything it has logged. */
  readonly log: () => string;
  /** SIGKILL, and wait until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and wait until it is gone. @returns its exit code. */
  stop(): Promise<number | null>;
  /** The session processes. */
  shardPids(): Promise<number[]>;
}

export interface NodeStartOptions {
  readonly id?: string;
  readonly shards?: number;
  readonly capacity?: number;
  readonly iceLite?: boolean;
  /** Default 0: told to stop, it ends its sessions at once. */
  readonly drainTimeoutMs?: number;
  /** Where the Worker mounts the edge. Default: at the root. */
  readonly edgePath?: string;
  /** Further options of `edgertc node`. */
  readonly args?: readonly string[];
}

export class Stack {
  /** EDGERTC_NODE_SECRET of the edge and its nodes. */
  static readonly secret = SECRET;
  readonly stateDir: string;
  readonly #streams: string;
  readonly #main: string | undefined;
  readonly #assets: string | undefined;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #nodes = new Set<NodeHandle>();
  #edge: LocalEdge | undefined;
  #edgePath = "";
  #port = 0;
  #nextNode = 1;
  readonly edgeLog: string[] = [];

  private constructor(
    stateDir: string,
    streams: string,
    variables: Readonly<Record<string, string>>,
    main: string | undefined,
    assets: string | undefined,
  ) {
    this.stateDir = stateDir;
    this.#assets = assets;
    this.#main = main;
    this.#variables = variables;
    this.#streams = streams;
  }

  /**
   * Starts an edge; `streams` is the stream file its nodes serve, from the project's root, `variables` are the Worker's,
   * `main` is its entry, from the project's root, where it is not the shipped one, `assets` a folder in place of the page's.
   */
  static async start(
    streams = "examples/streams.ts",
    variables: Readonly<Record<string, string>> = {},
    main?: string,
    assets?: string,
  ): Promise<Stack> {
    const stateDir = await mkdtemp(path.join(tmpdir(), "edgertc-test-"));
    const stack = new Stack(stateDir, path.join(ROOT, streams), variables, main, assets);
    await stack.startEdge();
    return stack;
  }

  get url(): string {
    if (this.#edge === undefined) throw new Error("the edge is stopped");
    return this.#edge.url;
  }

  async startEdge(): Promise<void> {
    this.#edge = await startLocalEdge({
      host: "127.0.0.1",
      port: this.#port,
      stateDir: this.stateDir,
      ...(this.#main === undefined ? bundles() : {}),
      secret: SECRET,
      ...(this.#main === undefined ? {} : { main: path.join(ROOT, this.#main) }),
      ...(this.#assets === undefined ? {} : { assets: this.#assets }),
      variables: this.#variables,
      logLevel: "info",
      onLog: (line) => this.edgeLog.push(line),
    });
    this.#port = Number(new URL(this.#edge.url).port);
  }

  async stopEdge(): Promise<void> {
    await this.#edge?.stop();
    this.#edge = undefined;
  }

  /** Starts a node and waits until the edge has it. */
  async startNode(options: NodeStartOptions = {}): Promise<NodeHandle> {
    const id = options.id ?? `node-${this.#nextNode++}`;
    this.#edgePath = options.edgePath ?? "";
    const { shards = 1, capacity = 50, drainTimeoutMs = 0 } = options;
    const args = [
      "media-node/cli/main.ts",
      "node",
      this.#streams,
      "--edge",
      `${this.url}${this.#edgePath}`,
      "--id",
      id,
    ];
    args.push("--shards", String(shards), "--capacity", String(capacity));
    args.push("--drain-timeout-ms", String(drainTimeoutMs));
    if (options.iceLite === true) args.push("--ice-lite");
    args.push(...(options.args ?? []));
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, EDGERTC_NODE_SECRET: SECRET },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (log += String(chunk)));
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const handle: NodeHandle = {
      id,
      process: child,
      log: () => log,
      kill: async () => {
        child.kill("SIGKILL");
        await exited;
        this.#nodes.delete(handle);
      },
      stop: async () => {
        child.kill("SIGTERM");
        const code = await exited;
        this.#nodes.delete(handle);
        return code;
      },
      shardPids: () => childPids(child.pid ?? 0),
    };
    this.#nodes.add(handle);
    await until(() => {
      if (child.exitCode !== null) throw new Error(`the node ended with ${child.exitCode}:\n${log}`);
      return log.includes("linked to the edge");
    }, 60_000).catch((error: unknown) => {
      throw new Error(`the node did not come up:\n${log}`, { cause: error });
    });
    return handle;
  }

  /** Stops everything. @throws Error if a slot is still held once every node is gone. */
  async stop(): Promise<void> {
    try {
      await Promise.all([...this.#nodes].map((node) => node.stop()));
      if (this.#edge !== undefined) await until(async () => (await this.#activeSessions()) === 0, 10_000);
    } finally {
      await this.stopEdge();
      await rm(this.stateDir, { recursive: true, force: true });
    }
  }

  async #activeSessions(): Promise<number> {
    const streams = (await (await fetch(`${this.url}${this.#edgePath}/streams`)).json()) as { active: number }[];
    return streams.reduce((sum, { active }) => sum + active, 0);
  }
}

/** The Worker is bundled once for all system tests (one-bundle.ts). */
function bundles(): { bundleDir?: string } {
  const bundleDir = process.env[BUNDLES];
  return bundleDir === undefined ? {} : { bundleDir };
}

async function childPids(pid: number): Promise<number[]> {
  const { readFile } = await import("node:fs/promises");
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return children.trim().split(" ").filter(Boolean).map(Number);
}

/** Sessions that hold a slot of any stream. */
export async function activeSessions({ url }: { readonly url: string }): Promise<number> {
  const streams = (await (await fetch(`${url}/streams`)).json()) as { active: number }[];
  return streams.reduce((sum, { active }) => sum + active, 0);
}

/** Polls until `condition` holds. @throws Error after `timeoutMs`, or what it throws. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${timeoutMs} ms: ${String(condition)}`);
    await sleep(25);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
