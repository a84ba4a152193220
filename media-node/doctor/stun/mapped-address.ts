/** Asks a STUN server from where it sees a socket of ours: its public side. */
import type { Socket } from "node:dgram";
import type { Clock } from "../../time/clock.ts";
import { type Address, addressOf, type Channel, type ChannelEvents } from "./channel.ts";
import { addressIn, classes, Message, methods, StunClient, StunError, StunTimeout } from "./stun-client.ts";

/**
 * @param socket bound already; stays open.
 * @returns null where the server does not answer, or knows no STUN.
 * @throws Error where its name is unknown.
 */
export async function mappedAddress(
  socket: Socket,
  server: Address,
  timeoutMs: number,
  clock: Clock,
): Promise<Address | null> {
  const host = await addressOf(server.host);
  const open = async (events: ChannelEvents): Promise<Channel> => {
    const onMessage = (bytes: Buffer): void => events.message(bytes);
    socket.on("message", onMessage);
    return {
      lossy: true,
      send: (bytes) => socket.send(bytes, server.port, host),
      close: () => void socket.removeListener("message", onMessage),
    };
  };
  const client = await StunClient.over(open, clock);
  try {
    return addressIn(
      await client.request(new Message(methods.BINDING, classes.REQUEST), timeoutMs),
      "XOR-MAPPED-ADDRESS",
    );
  } catch (error) {
    if (error instanceof StunError || error instanceof StunTimeout) return null;
    throw error;
  } finally {
    client.close();
  }
}
