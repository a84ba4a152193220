import { createServer, type Server } from "node:http";
import { afterEach, expect, it } from "vitest";
import { download, downloadBytes } from "./download.ts";

let server: Server | undefined;

async function serve(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const started = createServer(listener ?? (() => undefined));
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  const address = started.address();
  return typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}/` : "";
}

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
});

const signal = new AbortController().signal;

it("gives up on a server that goes silent in the middle", async () => {
  const url = await serve((_request, response) => response.writeHead(200).write("half"));
  await expect(downloadBytes(url, { signal, stallTimeoutMs: 50 })).rejects.toThrow("sent nothing for 50 ms");
});

it("gives up on a server that never answers", async () => {
  const url = await serve(() => undefined);
  await expect(downloadBytes(url, { signal, stallTimeoutMs: 50 })).rejects.toThrow("sent nothing for 50 ms");
});

it("tells how much has come, and of how much", async () => {
  const url = await serve((_request, response) => response.writeHead(200, { "content-length": 5 }).end("hello"));
  const seen: (number | undefined)[][] = [];
  const body = await downloadBytes(url, { signal, onBytes: (received, total) => seen.push([received, total]) });
  expect(body.toString()).toBe("hello");
  expect(seen.at(-1)).toEqual([5, 5]);
});

it("ends the request when the reader stops early", async () => {
  const closed = Promise.withResolvers<void>();
  const url = await serve((_request, response) => {
    response.on("close", () => closed.resolve());
    response.writeHead(200).write("first piece");
  });
  for await (const chunk of download(url, { signal })) {
    expect(Buffer.from(chunk).toString()).toBe("first piece");
    break;
  }
  await closed.promise;
});
