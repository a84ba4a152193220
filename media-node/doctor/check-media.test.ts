/** The doctor at the media server's door: the real one, and what may stand in its place. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { type MediaServer, startMediaServer } from "../sockets/media-server.ts";
import { checkMedia } from "./check-media.ts";
import type { Context, DoctorOptions } from "./context.ts";
import { THIS_MACHINE } from "./doctor.ts";

let media: MediaServer;
let taken: string[];
const cleanUp: (() => void)[] = [];

beforeEach(async () => {
  taken = [];
  const take = (ticket: string): undefined => void taken.push(ticket);
  media = await startMediaServer({ host: "127.0.0.1", port: 0, nodeId: "node-1", take, onSocket: () => false });
});
afterEach(() => {
  media.stop();
  for (const close of cleanUp.splice(0)) close();
});

async function findings(publicUrl: string | null, more: Partial<DoctorOptions> = {}): Promise<string[]> {
  const context: Context = {
    options: {
      edgeUrl: "http://127.0.0.1:8787",
      nodeId: "node-1",
      secret: null,
      adminToken: null,
      ice: { mode: "full", additionalAddresses: [], bindAddress: undefined, portRange: undefined },
      publicUrl,
      stun: null,
      timeoutMs: 400,
      ...more,
    },
    machine: THIS_MACHINE,
    learned: { clockAheadMs: null, streams: null, clientServers: null, nodeServers: null },
  };
  return (await checkMedia(context)).map(({ level, what }) => `${level}: ${what}`);
}

async function serve(answer?: RequestListener): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp.push(() => server.close().closeAllConnections());
  const address = server.address();
  return { url: `ws://127.0.0.1:${typeof address === "object" ? address?.port : ""}`, server };
}

it("knows its node by the way it refuses, below a path as well, and uses no ticket up", async () => {
  for (const path of ["", "/", "/node-1"]) {
    const url = `ws://127.0.0.1:${media.port}${path}`;
    expect(await findings(url)).toEqual([expect.stringContaining(`ok: ${url} leads to this node`)]);
  }
  expect(new Set(taken)).toEqual(new Set(["A".repeat(32)]));
});

it("tells another node from this one", async () => {
  const url = `ws://127.0.0.1:${media.port}`;
  expect(await findings(url, { nodeId: "node-2" })).toEqual([`failure: ${url} leads to another node.`]);
});

it("tells a proxy that drops upgrades, one with nothing behind it, and what is no proxy at all", async () => {
  const dropping = await serve(async (request, response) => {
    const { status, headers } = await fetch(`http://127.0.0.1:${media.port}${request.url}`);
    response.writeHead(status, { "x-edgertc-media": headers.get("x-edgertc-media") ?? "" }).end();
  });
  expect(await findings(dropping.url)).toEqual([`failure: No WebSocket gets through to the node at ${dropping.url}.`]);
  const alone = await serve((_, response) => void response.writeHead(502).end());
  expect(await findings(alone.url)).toEqual([`failure: ${alone.url} has no node behind it: HTTP 502.`]);
  const foreign = await serve((_, response) => void response.writeHead(404).end());
  expect(await findings(foreign.url)).toEqual([
    `failure: Something answers at ${foreign.url}, but it is no media node: HTTP 404.`,
  ]);
});

it("is not taken in by a server that lets everybody in", async () => {
  const { url, server } = await serve();
  const open = new WebSocketServer({ server });
  open.on("connection", (socket) => socket.on("error", () => undefined));
  expect(await findings(url)).toEqual([`failure: ${url} is not this node's media server.`]);
});

it("says why nothing answers: no name, nobody there, no TLS, silence", async () => {
  expect(await findings("wss://no-such-name.invalid")).toEqual([
    expect.stringMatching(/^failure: wss:\/\/no-such-name.invalid cannot be reached: .*(ENOTFOUND|EAI_AGAIN)/),
  ]);
  expect(await findings("ws://127.0.0.1:9")).toEqual([expect.stringContaining("ECONNREFUSED")]);
  expect(await findings(`wss://127.0.0.1:${media.port}`)).toEqual([expect.stringMatching(/: write EPROTO\.$/)]);
  const silent = await serve(() => undefined);
  expect(await findings(silent.url)).toEqual([expect.stringContaining("timed out")]);
});

it("tells a URL that the edge cannot use, whatever answers there", async () => {
  expect(await findings("https://node-1.example.com")).toEqual([
    'failure: "https://node-1.example.com" is no URL of WebSockets.',
  ]);
  const edgeUrl = "https://edge.example.com";
  expect(await findings("ws://no-such-name.invalid")).toContain("warning: --public-url is ws.");
  const [here] = await findings(`ws://127.0.0.1:${media.port}`, { edgeUrl });
  expect(here).toBe("failure: The edge cannot reach --public-url.");
});

it("has nothing to look at where the edge bridges", async () => {
  expect(await findings(null)).toEqual(["skipped: There is no --public-url: the edge bridges calls over WebSockets."]);
});
