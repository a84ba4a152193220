/**
 * The edge on this machine: the real Worker and its objects in workerd, with their state in a folder. Wrangler reads
 * the configuration and bundles, Miniflare runs the result without wrangler's development proxy, which would cost
 * more per request than the whole edge (docs/decisions/0002-local-edge.md).
 */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare, type MiniflareOptions, NoOpLog, type WorkerdStructuredLog } from "miniflare";
import { type Bundle, bundleWorker } from "./bundle.ts";
import { GUARD_MARK, guardProcesses } from "./guard.ts";
import { withoutSignalHandlers } from "./signals.ts";
import { type RateLimitConfig, readWorkerConfig } from "./worker-config.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EDGE_WORKER = "edgertc";
/**
 * Session objects store nothing, but workerd makes a database file for every object it ever starts: three files and some
 * milliseconds per call. They live in a second Worker whose storage is in memory.
 */
const SESSION_WORKER = "edgertc-sessions";
const STORELESS_CLASS = "Session";
const OPTIONAL_CLASS = "Gateway";

/** Lowest level of the Worker's log that is passed on. */
export type LocalEdgeLogLevel = "info" | "warn" | "error" | "none";

export interface LocalEdgeOptions {
  /** Address to listen on, such as `127.0.0.1`. */
  readonly host: string;
  /** Port to listen on; 0 takes a free one. */
  readonly port: number;
  /** Folder of the objects' storage. Made if it is not there. */
  readonly stateDir: string;
  /** Where bundles of the Worker are kept. Default: in `stateDir`. */
  readonly bundleDir?: string;
  /** EDGERTC_NODE_SECRET: media nodes must present it. */
  readonly secret: string;
  /** Further variables of the Worker, such as those of TURN. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Entry of a Worker of one's own, with routes beside the edge's (docs/custom-routes.md). Default: ours. */
  readonly main?: string;
  /** Objects that `main` exports beside the edge's: class names, by binding. */
  readonly objects?: Readonly<Record<string, string>>;
  /**
   * Listen on the Worker's own socket, without the entry Worker that Miniflare puts before it and that tells it where a
   * client is: as little as there can be, for benchmarks. Without a page. Default false.
   */
  readonly direct?: boolean;
  /** Folder of the built page. Default: the one of wrangler.toml; without it the edge has no page. */
  readonly assets?: string;
  /** Default `warn`. */
  readonly logLevel?: LocalEdgeLogLevel;
  /** Takes the Worker's log lines, each a JSON object. Default: standard error. */
  readonly onLog?: (line: string) => void;
}

export interface LocalEdge {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  /** Stops workerd and waits until it is gone. State stays in the folder. */
  stop(): Promise<void>;
}

/** Starts the edge. @throws if the port is taken or the Worker cannot be bundled. */
export async function startLocalEdge(options: LocalEdgeOptions): Promise<LocalEdge> {
  const mark = randomUUID();
  const config = await miniflareOptions(options, mark);
  const miniflare = withoutSignalHandlers(() => new Miniflare(config));
  const guard = guardProcesses(mark);
  const stop = async (): Promise<void> => {
    await miniflare.dispose();
    await guard.dismiss();
  };
  try {
    const entry = await miniflare.ready;
    const url = options.direct === true ? await miniflare.unsafeGetDirectURL(EDGE_WORKER) : entry;
    return { url: url.origin, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Bundles the Worker into a `bundleDir`, unless it is there. @param own the entry of a Worker of one's own. */
export async function bundleEdge(bundleDir: string, own?: string): Promise<Bundle> {
  const { main, compatibility_date: compatibilityDate } = readWorkerConfig(ROOT);
  return await bundleWorker({
    main: own === undefined ? main : path.resolve(own),
    compatibilityDate,
    sources: own === undefined ? [path.join(ROOT, "worker"), path.join(ROOT, "shared")] : null,
    cacheDir: path.join(bundleDir, own === undefined ? "bundle" : "own-bundle"),
  });
}

async function miniflareOptions(options: LocalEdgeOptions, mark: string): Promise<MiniflareOptions> {
  const config = readWorkerConfig(ROOT);
  const compatibilityDate = config.compatibility_date;
  const stateDir = path.resolve(options.stateDir);
  const storage = path.join(stateDir, "objects");
  await mkdir(storage, { recursive: true });
  const own = options.main;
  const bundle = await bundleEdge(options.bundleDir ?? stateDir, own);
  const directory = options.assets ?? path.resolve(ROOT, config.assets?.directory ?? "");
  const direct = options.direct ?? false;
  const hasPage = !direct && existsSync(path.join(directory, "index.html"));
  const further = Object.entries(options.objects ?? {}).map(([name, class_name]) => ({ name, class_name }));
  // A Worker of one's own may do without the telephone gateway.
  const hasGateway = own === undefined || exportsName(bundle, OPTIONAL_CLASS);
  const shipped = config.durable_objects.bindings.filter(
    ({ class_name }) => hasGateway || class_name !== OPTIONAL_CLASS,
  );
  const bindings = [...shipped, ...further];
  /** The Worker, holding the objects of some classes; the bundle and the bindings are the same for all. */
  const worker = (name: string, classes: readonly string[]) => ({
    name,
    compatibilityDate,
    manifest: { mainModule: bundle.main, modules: { ...bundle.modules } },
    env: {
      ...Object.fromEntries(bindings.map((binding) => [binding.name, durableObject(binding.class_name)])),
      ...Object.fromEntries((config.ratelimits ?? []).map((limit) => [limit.name, rateLimit(limit)])),
      ...textVariables(options.variables ?? {}),
      EDGERTC_NODE_SECRET: { type: "text" as const, value: options.secret },
    },
    exports: Object.fromEntries(
      classes.map((name) => [name, { type: "durable-object" as const, storage: "sqlite" as const }]),
    ),
  });
  const stored = bindings.map((binding) => binding.class_name).filter((name) => name !== STORELESS_CLASS);
  const edge = worker(EDGE_WORKER, stored);
  // A Worker of one's own decides about every path; ours leaves the page's files to the platform.
  const runWorkerFirst = own !== undefined || (config.assets?.run_worker_first ?? false);
  const page = { directory, hasUserWorker: true, runWorkerFirst };
  return {
    host: options.host,
    port: direct ? 0 : options.port,
    // Nothing here looks anything up on the network, or tells anybody.
    cf: false,
    telemetry: { enabled: false },
    log: new NoOpLog(),
    logRequests: false,
    handleStructuredLogs: logHandler(options),
    unsafeRuntimeEnv: { [GUARD_MARK]: mark },
    resourcePersistencePath: storage,
    workers: [
      {
        config: hasPage ? { ...edge, env: { ...edge.env, ASSETS: { type: "assets" } }, assets: page } : edge,
        ...(direct ? { dev: { unsafeDirectSockets: [{ host: options.host, port: options.port }] } } : {}),
      },
      { config: worker(SESSION_WORKER, [STORELESS_CLASS]), dev: { unsafeEphemeralDurableObjects: true } },
    ],
  };
}

/** Whether a bundle's entry exports a name: bundlers list all of them at its end. */
function exportsName({ main, modules }: Bundle, name: string): boolean {
  const { contents = "" } = modules[main] ?? {};
  return new RegExp(`export\\s*\\{[^}]*\\b${name}\\b[^}]*\\}`).test(String(contents));
}

function rateLimit({ namespace_id, simple }: RateLimitConfig) {
  return { type: "rate-limit" as const, namespace: namespace_id, simple };
}

function textVariables(variables: Readonly<Record<string, string | undefined>>) {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, { type: "text" as const, value }] as const],
    ),
  );
}

function durableObject(exportName: string): { type: "durable-object"; worker: string; exportName: string } {
  const worker = exportName === STORELESS_CLASS ? SESSION_WORKER : EDGE_WORKER;
  return { type: "durable-object", worker, exportName };
}

const LEVELS: readonly string[] = ["debug", "log", "info", "warn", "error", "none"];

/** workerd's own lines, and the Worker's console, from a level up. */
function logHandler({ logLevel = "warn", onLog }: LocalEdgeOptions): (log: WorkerdStructuredLog) => void {
  const write = onLog ?? ((line: string) => process.stderr.write(`${line}\n`));
  const lowest = LEVELS.indexOf(logLevel);
  return ({ level, message }) => {
    if (LEVELS.indexOf(level) >= lowest) write(message);
  };
}
