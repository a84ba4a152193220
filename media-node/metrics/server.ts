/**
 * The node's own small HTTP server: `/metrics` for Prometheus, `/live` and `/ready` for whatever runs containers. It is
 * apart from everything that clients reach.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { listenOn } from "../sockets/listening.ts";
import type { NodeFacts, NodeMetrics } from "./node-metrics.ts";

/** A scrape takes milliseconds; who is slower holds a connection for nothing. */
const REQUEST_TIMEOUT_MS = 5_000;
/** Prometheus and two probes; more are refused by the system. */
const MAX_CONNECTIONS = 32;

export interface MetricsServerOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Pick<NodeMetrics, "text" | "contentType">;
  readonly facts: () => Pick<NodeFacts, "ready" | "draining" | "linked" | "capacity"> & {
    readonly sessions: readonly unknown[];
  };
  readonly log: { warn(fields: object, message: string): void };
}

export interface MetricsServer {
  /** `http://host:port`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** @throws EdgeRtcError `port_unavailable`. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      options.log.warn({ err: error, path: request.url }, "metrics could not be given");
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listenOn(server, { ...options, flag: "--metrics-port" });
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  { method, url = "/" }: IncomingMessage,
  response: ServerResponse,
  { metrics, facts }: MetricsServerOptions,
): Promise<void> {
  if (method !== "GET" && method !== "HEAD") {
    response.writeHead(405, { allow: "GET" }).end();
    return;
  }
  switch (url.split("?")[0]) {
    case "/metrics":
      response.writeHead(200, { "content-type": metrics.contentType }).end(await metrics.text());
      break;
    case "/live":
      response.writeHead(200, { "content-type": "application/json" }).end('{"status":"live"}');
      break;
    case "/ready": {
      const state = readiness(facts());
      response
        .writeHead(state.status === "ready" ? 200 : 503, { "content-type": "application/json" })
        .end(JSON.stringify(state));
      break;
    }
    default:
      response.writeHead(404).end();
  }
}

function readiness({ ready, draining, linked, sessions, capacity }: ReturnType<MetricsServerOptions["facts"]>) {
  const status = draining ? "draining" : !linked ? "unlinked" : ready ? "ready" : "starting";
  return { status, sessions: sessions.length, capacity };
}
