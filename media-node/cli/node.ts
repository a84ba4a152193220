/** `edgertc node`: a media node. */
import { hostname } from "node:os";
import { Command } from "commander";
import { createLog } from "../node/log.ts";
import { startNode } from "../node/node.ts";
import { addIceOptions, exitAfter, type IceFlags, iceFrom, nodeIdOf, onSignals, wholeNumber } from "./options.ts";

interface NodeFlags extends IceFlags {
  readonly edge: string;
  readonly secret?: string;
  readonly id: string;
  readonly shards?: number;
  readonly capacity?: number;
  readonly drainTimeoutMs?: number;
  readonly region?: string;
  readonly publicUrl?: string;
  readonly mediaPort: number;
  readonly mediaHost: string;
  readonly metricsPort?: number;
  readonly metricsHost: string;
}

export function nodeCommand(): Command {
  const command = new Command("node")
    .description("run a media node: it dials the edge and serves the streams of a file")
    .argument("<file>", "stream file, TypeScript or JavaScript")
    .option("--edge <url>", "the edge's URL", process.env["EDGERTC_EDGE_URL"] ?? "http://127.0.0.1:8787")
    .option("--secret <secret>", "shared with the edge (default: EDGERTC_NODE_SECRET)")
    .option("--id <name>", "this node's name, stable over restarts, unique", nodeIdOf(hostname()))
    .option("--shards <count>", "session processes (default: one per core)", wholeNumber)
    .option("--capacity <count>", "sessions at most (default: 50 per session process)", wholeNumber)
    .option("--region <name>", "where it runs, for operators (default: EDGERTC_REGION, or as far as the edge can tell)")
    .option("--metrics-port <port>", "serve Prometheus metrics, /live and /ready here (default: no)", wholeNumber)
    .option("--metrics-host <address>", "address of the metrics", "127.0.0.1")
    .option(
      "--public-url <wss-url>",
      "how clients' WebSockets reach this node (default: EDGERTC_PUBLIC_URL, or not: the edge bridges)",
    )
    .option("--media-port <port>", "listen here for them", wholeNumber, 8788)
    .option("--media-host <address>", "address for that; a proxy in front of it speaks TLS", "127.0.0.1")
    .option("--drain-timeout-ms <ms>", "how long calls may go on after SIGTERM (default: ten minutes)", wholeNumber);
  return addIceOptions(command).action(async (file: string, flags: NodeFlags) => {
    const secret = flags.secret ?? process.env["EDGERTC_NODE_SECRET"];
    if (secret === undefined)
      throw new Error("The node needs the edge's secret: set EDGERTC_NODE_SECRET or pass --secret.");
    const log = createLog({ node: flags.id });
    const publicUrl = flags.publicUrl ?? process.env["EDGERTC_PUBLIC_URL"];
    if (publicUrl !== undefined && !/^wss?:\/\/[^/]/.test(publicUrl)) {
      throw new Error("The public URL begins with wss://, or ws:// in a network of one's own.");
    }
    const region = flags.region ?? process.env["EDGERTC_REGION"];
    const node = await startNode({
      streamFile: file,
      edgeUrl: flags.edge,
      secret,
      nodeId: flags.id,
      ...(flags.shards === undefined ? {} : { shards: Math.max(1, flags.shards) }),
      ...(flags.capacity === undefined ? {} : { capacity: flags.capacity }),
      ...(flags.drainTimeoutMs === undefined ? {} : { drainTimeoutMs: flags.drainTimeoutMs }),
      ...(region === undefined ? {} : { region }),
      ...(publicUrl === undefined ? {} : { media: { host: flags.mediaHost, port: flags.mediaPort, publicUrl } }),
      ...(flags.metricsPort === undefined ? {} : { metrics: { host: flags.metricsHost, port: flags.metricsPort } }),
      ice: iceFrom(flags),
      log,
    });
    log.info({ streams: node.streams }, "media node ready");
    onSignals(
      () => node.drain(),
      () => exitAfter(node.stop()),
    );
    // Drained, by a signal or because the edge said so.
    exitAfter(node.ended);
  });
}
