import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, expect, it } from "vitest";
import { type ErrorCode, failedBody } from "../../shared/errors.ts";
import { dial, drop, type Loss } from "./dial.ts";

let server: Server | undefined;
afterEach(() => void server?.close());

async function edge(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}/mounted`;
}

/** Dials until the socket is lost. */
async function loss(edgeUrl: string): Promise<{ loss: Loss; warnings: string[]; told: unknown[] }> {
  const warnings: string[] = [];
  const told: unknown[] = [];
  const lost = Promise.withResolvers<Loss>();
  const socket = dial({
    edgeUrl,
    credentials: { authorization: async () => "Bearer signed", edgeTimeIs: (header) => told.push(header) },
    epoch: null,
    nodeId: "n1",
    log: { warn: (_, message) => warnings.push(message) },
    quiet: true,
    onOpen: () => undefined,
    onMessage: () => undefined,
    onLost: lost.resolve,
  });
  const result = await lost.promise;
  drop(socket);
  return { loss: result, warnings, told };
}

const refusal = (code: ErrorCode, status: number): RequestListener => {
  return (request, response) => {
    const body = request.url === "/mounted/node/link" ? failedBody(code) : {};
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
};

it("tells in the edge's own words why it was refused", async () => {
  const { loss: how, warnings } = await loss(await edge(refusal("node_unauthorized", 401)));
  expect(how).toBe("closed");
  expect(warnings).toEqual([expect.stringContaining("The media node's secret is wrong.")]);
});

it("knows an edge that is restarting, and one that is not there", async () => {
  const url = await edge(refusal("edge_restarting", 503));
  expect((await loss(url)).loss).toBe("edge_down");
  await new Promise((resolve) => server?.close(resolve));
  expect((await loss(url)).loss).toBe("edge_down");
});

it("passes on what time the edge says it is, and knows that a newer run took its place", async () => {
  const url = await edge((request, response) => {
    expect(request.headers.authorization).toBe("Bearer signed");
    response.setHeader("x-edgertc-now-ms", "1800000000000");
    refusal("node_replaced", 409)(request, response);
  });
  expect(await loss(url)).toMatchObject({ loss: "replaced", told: ["1800000000000"] });
});

it("is not put off by a refusal that is no JSON, or has no end", async () => {
  const url = await edge((_, response) => response.writeHead(502).end("<html>Bad Gateway</html>".repeat(10_000)));
  expect(await loss(url)).toMatchObject({ loss: "closed", warnings: ["the edge refused the node link"] });
});
