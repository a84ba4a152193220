/** The media server over real sockets, with the handshake answered by the side that a session process has. */
import { once } from "node:events";
import { afterEach, beforeEach, expect, it } from "vitest";
import { WebSocket } from "ws";
import { acceptSocket, dialSocket } from "./accept-socket.ts";
import { type MediaServer, startMediaServer } from "./media-server.ts";

const TICKET = "a".repeat(32);

let server: MediaServer;
let tickets: Map<string, string>;
let taken: { readonly sid: string; readonly socket: WebSocket }[];

beforeEach(async () => {
  tickets = new Map([[TICKET, "s_1"]]);
  taken = [];
  server = await startMediaServer({
    host: "127.0.0.1",
    port: 0,
    nodeId: "node-1",
    take: (ticket) => {
      const sid = tickets.get(ticket);
      tickets.delete(ticket);
      return sid;
    },
    onSocket: (sid, request, socket) => {
      acceptSocket(request, socket, (ws) => taken.push({ sid, socket: ws }));
      return true;
    },
  });
});
afterEach(() => {
  for (const { socket } of taken) socket.terminate();
  server.stop();
});

const at = (path: string): string => `ws://127.0.0.1:${server.port}${path}`;

async function refused(path: string): Promise<number | undefined> {
  const socket = new WebSocket(at(path));
  socket.on("error", () => undefined);
  const [, response] = await once(socket, "unexpected-response");
  socket.terminate();
  return response.statusCode;
}

it.each(["", "/some/path"])("takes a client with a ticket, once, below %j", async (prefix) => {
  const client = dialSocket(at(`${prefix}/media/${TICKET}?x=1`), {});
  await once(client, "open");
  const [session] = taken;
  expect(session?.sid).toBe("s_1");
  const answered = once(client, "message");
  session?.socket.on("message", (data, isBinary) => session.socket.send(data, { binary: isBinary }));
  client.send("hello");
  expect(String((await answered)[0])).toBe("hello");
  expect(await refused(`${prefix}/media/${TICKET}`)).toBe(404);
  const closed = once(client, "close");
  session?.socket.close(1000, "time_limit");
  const [code, reason] = await closed;
  expect([code, String(reason)]).toEqual([1000, "time_limit"]);
});

it("has nothing for those without a ticket", async () => {
  for (const path of ["/", "/media", "/media/", "/media/short", `/media/${"b".repeat(32)}`, `/media/${TICKET}/more`]) {
    expect(await refused(path), path).toBe(404);
  }
  const plain = await fetch(`http://127.0.0.1:${server.port}/media/${TICKET}`);
  expect(plain.status).toBe(426);
  expect(plain.headers.get("x-edgertc-media")).toBe("no-ticket");
  expect(tickets.size).toBe(1);
});

it("closes a socket with a message that is too long", async () => {
  const client = new WebSocket(at(`/media/${TICKET}`));
  await once(client, "open");
  taken[0]?.socket.on("error", () => undefined);
  client.send(Buffer.alloc(1024 * 1024 + 1));
  const [code] = await once(client, "close");
  expect(code).toBe(1009);
});
