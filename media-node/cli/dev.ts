/** `edgertc dev`: the whole thing on one machine: the edge in workerd, a media node, the page. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseEnv } from "node:util";
import { Command } from "commander";
import { streamPath } from "../../shared/ids.ts";
import { SECURITY_VARIABLES } from "../../shared/security.ts";
import { TELEPHONE_VARIABLES } from "../../shared/telephone/variables.ts";
import { TURN_VARIABLES } from "../../shared/turn.ts";
import { isHostedNotebook, isPublicHost } from "../ice/public-host.ts";
import { createLog } from "../node/log.ts";
import { type RunningNode, startNode } from "../node/node.ts";
import { addIceOptions, exitAfter, type IceFlags, iceFrom, onSignals, wholeNumber } from "./options.ts";

interface DevFlags extends IceFlags {
  readonly port: number;
  readonly host: string;
  readonly shards?: number;
  readonly capacity?: number;
  readonly stateDir: string;
  readonly worker?: string;
  readonly assets?: string;
  readonly basePath: string;
  readonly bridged?: true;
}

export function devCommand(): Command {
  const command = new Command("dev")
    .description("run edge, media node and page on this machine, without an account")
    .argument("[file]", "stream file, TypeScript or JavaScript", "streams.ts")
    .option("-p, --port <port>", "port of the edge", wholeNumber, 8787)
    .option("--host <address>", "address of the edge", "127.0.0.1")
    .option("--shards <count>", "session processes (default: one per core)", wholeNumber)
    .option("--capacity <count>", "sessions at most (default: 50 per session process)", wholeNumber)
    .option("--state-dir <folder>", "where the edge keeps its objects' storage", ".edgertc")
    .option("--worker <file>", "a Worker of your own, with routes beside the edge's; .dev.vars beside it is read")
    .option("--assets <folder>", "static files in place of the built-in page")
    .option("--base-path <path>", "where that Worker mounts the edge", "")
    .option("--bridged", "as with a node that clients cannot reach: the edge passes media over WebSockets on");
  return addIceOptions(command).action(async (file: string, flags: DevFlags) => {
    if (!existsSync(file)) throw new Error(`There is no stream file at ${path.resolve(file)}.`);
    await mkdir(flags.stateDir, { recursive: true });
    const secret = await localSecret(flags.stateDir, "node-secret", "EDGERTC_NODE_SECRET");
    const variables = {
      EDGERTC_ADMIN_TOKEN: await localSecret(flags.stateDir, "admin-token", "EDGERTC_ADMIN_TOKEN"),
      ...(await ownVariables(flags.worker)),
      ...variablesOf(process.env),
    };
    const log = createLog({ node: "local" });
    // Wrangler and Miniflare, 21 MB of source: a media node's own process must not read them.
    const { startLocalEdge } = await import("../local/edge.ts");
    const edge = await startLocalEdge({
      host: flags.host,
      port: flags.port,
      stateDir: flags.stateDir,
      secret,
      variables,
      ...(flags.worker === undefined ? {} : { main: flags.worker }),
      ...(flags.assets === undefined ? {} : { assets: flags.assets }),
    });
    const edgeUrl = `${edge.url}${flags.basePath}`;
    let node: RunningNode | undefined;
    const stopping = new AbortController();
    const stop = async (): Promise<void> => {
      stopping.abort();
      await node?.stop();
      await edge.stop();
    };
    onSignals(() => exitAfter(stop()));
    try {
      node = await startNode({
        streamFile: file,
        edgeUrl,
        secret,
        nodeId: "local",
        ...(flags.shards === undefined ? {} : { shards: Math.max(1, flags.shards) }),
        ...(flags.capacity === undefined ? {} : { capacity: flags.capacity }),
        ice: iceFrom(flags),
        ...(flags.bridged === true ? {} : { media: { host: "127.0.0.1", port: 0 } }),
        publicEdge: isPublicHost(flags.host) || isHostedNotebook(process.env),
        log,
      });
      await node.linked;
    } catch (error) {
      await node?.stop();
      await edge.stop();
      throw error;
    }
    node.ended.then(
      () => {
        // An operator may drain it: the edge then goes on without anybody to take calls.
        if (!stopping.signal.aborted) log.info("the node has ended: start again to take calls");
      },
      (error: unknown) => log.error({ err: error }, "the node could not be shut down"),
    );
    printWelcome(edge.url, flags.basePath, node.streams, variables.EDGERTC_ADMIN_TOKEN);
  });
}

/** The edge's configuration as far as it has to do with TURN, security and telephone, from this process's environment. */
function variablesOf(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const set = [...TURN_VARIABLES, ...SECURITY_VARIABLES, ...TELEPHONE_VARIABLES].flatMap((name) =>
    env[name] === undefined ? [] : [[name, env[name]] as const],
  );
  return Object.fromEntries(set);
}

/** The variables of a Worker of one's own, from the file that wrangler reads them from. */
async function ownVariables(worker: string | undefined): Promise<Readonly<Record<string, string | undefined>>> {
  if (worker === undefined) return {};
  if (!existsSync(worker)) throw new Error(`There is no Worker at ${path.resolve(worker)}.`);
  const file = path.join(path.dirname(worker), ".dev.vars");
  return existsSync(file) ? parseEnv(await readFile(file, "utf8")) : {};
}

/** From the environment, else generated once and kept: the edge and whoever else needs it on this machine share it. */
async function localSecret(stateDir: string, name: string, variable: string): Promise<string> {
  const file = path.join(stateDir, name);
  const given = process.env[variable];
  if (given !== undefined) return given;
  if (existsSync(file)) return (await readFile(file, "utf8")).trim();
  const secret = randomBytes(32).toString("hex");
  await writeFile(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

function printWelcome(edgeUrl: string, basePath: string, streams: readonly string[], adminToken: string): void {
  const base = `${edgeUrl}${basePath}`.replace(/\/$/, "");
  // Under a prefix the front end is the Worker's own.
  const hasPages = basePath === "";
  console.log("\n  EdgeRTC is running.\n");
  console.log(`    ${hasPages ? "Talk" : "Edge"}      ${base}/`);
  for (const name of streams) console.log(`    ${name.padEnd(9)} POST ${base}${streamPath(name)}/webrtc/offer`);
  if (hasPages) {
    console.log(`\n    Code      ${base}/docs/`);
    // In the fragment: it is sent nowhere, and the page takes it out of the address.
    console.log(`    Operate   ${base}/admin/#token=${adminToken}`);
  }
  console.log("\n  Ctrl-C stops it.\n");
}
