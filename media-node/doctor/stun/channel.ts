/** The way to a STUN or TURN server: UDP, TCP or TLS, one whole STUN message at a time. */
import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect as connectTcp, isIP, type Socket as TcpSocket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { IceUrl } from "./ice-url.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Channel {
  /** False where what is sent always arrives, or the channel breaks. */
  readonly lossy: boolean;
  send(message: Buffer): void;
  close(): void;
}

export interface ChannelEvents {
  message(message: Buffer): void;
  /** The server hung up. */
  broken(error: Error): void;
}

const STUN_HEADER_BYTES = 20;
/** No STUN message is longer; what claims to be is none. */
const MAX_MESSAGE_BYTES = 16 * 1024;

/** @throws Error where the server cannot be reached: DNS, TCP or TLS. */
export async function openChannel(server: IceUrl, signal: AbortSignal, events: ChannelEvents): Promise<Channel> {
  const host = await addressOf(server.host);
  if (server.transport === "udp") return await openUdp({ host, port: server.port }, events);
  return await openStream({ ...server, address: host }, signal, events);
}

/** @throws Error where the name is unknown. */
export async function addressOf(host: string): Promise<string> {
  return isIP(host) === 4 ? host : (await lookup(host, { family: 4 })).address;
}

async function openUdp({ host, port }: Address, events: ChannelEvents): Promise<Channel> {
  const socket = createSocket("udp4");
  socket.on("message", (message) => events.message(message));
  socket.on("error", (error) => events.broken(error));
  await bind(socket);
  return {
    lossy: true,
    send: (message) => socket.send(message, port, host),
    close: () => socket.close(),
  };
}

/** Binds a UDP socket. @throws Error where the address or the port cannot be had. */
export async function bind(socket: Socket, port = 0, address?: string): Promise<void> {
  const bound = Promise.withResolvers<void>();
  socket.once("error", bound.reject);
  socket.once("listening", bound.resolve);
  socket.bind(port, address);
  await bound.promise;
  socket.removeListener("error", bound.reject);
}

async function openStream(
  { transport, host, port, address }: IceUrl & { readonly address: string },
  signal: AbortSignal,
  events: ChannelEvents,
): Promise<Channel> {
  // A certificate is for a name; an address has none to check against but itself.
  const servername = isIP(host) === 0 ? host : "";
  const socket: TcpSocket =
    transport === "tls" ? connectTls({ host: address, port, servername }) : connectTcp({ host: address, port });
  const giveUp = (): void => void socket.destroy(new Error("timed out"));
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await once(socket, transport === "tls" ? "secureConnect" : "connect");
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  let received: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      if (received.length < STUN_HEADER_BYTES) return;
      const length = STUN_HEADER_BYTES + received.readUInt16BE(2);
      if (length > MAX_MESSAGE_BYTES)
        return void socket.destroy(new Error("the server sent something that is not STUN"));
      if (received.length < length) return;
      events.message(received.subarray(0, length));
      received = received.subarray(length);
    }
  });
  socket.on("error", (error) => events.broken(error));
  socket.on("close", () => events.broken(new Error("the server closed the connection")));
  return {
    lossy: false,
    send: (message) => void socket.write(message),
    close: () => void socket.removeAllListeners("close").destroy(),
  };
}
