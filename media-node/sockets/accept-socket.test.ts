import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { acceptSocket } from "./accept-socket.ts";

const open: (Server | Socket)[] = [];
afterEach(() => {
  for (const one of open.splice(0)) {
    if ("destroy" in one) one.destroy();
    else one.close();
  }
});

const HEADERS = {
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": Buffer.alloc(16).toString("base64"),
};
/** Reserved bits are set, and nothing is masked. */
const NO_FRAME = Buffer.from([0xff, 0x7f]);

it("a client that breaks the protocol harms nobody, even where its socket is only closed", async () => {
  const server = createServer();
  open.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const client = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
  const [socket]: Socket[] = await once(server, "connection");
  if (socket === undefined) throw new Error("nobody came");
  open.push(client, socket);
  client.resume();
  // As a session process does with a client that comes when its session has ended. What is thrown behind it would end the process.
  const closed = Promise.withResolvers<WebSocket>();
  acceptSocket({ headers: HEADERS, head: NO_FRAME.toString("base64") }, socket, (ws) => {
    ws.once("close", () => closed.resolve(ws));
    ws.close();
  });
  const { readyState, CLOSED } = await closed.promise;
  expect(readyState).toBe(CLOSED);
});
