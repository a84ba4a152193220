/** The transports whose media comes over a WebSocket: how a client of each begins, and what its session is connected by. */
import type { RawData, WebSocket } from "ws";
import type { SessionCommand } from "../../shared/link.ts";
import type { CallStart } from "../../shared/telephone/call-message.ts";
import type { StartMessage } from "../../shared/websocket.ts";
import type { FirstWord } from "../sockets/socket-opening.ts";
import type { LoadedStream } from "../stream/load.ts";
import type { Clock } from "../time/clock.ts";
import type { MediaTransport, TransportEvents } from "../transport/media-transport.ts";
import { attachCall, readCallStart } from "../transport/telephone/call-start.ts";
import { TelephoneTransport } from "../transport/telephone/telephone-transport.ts";
import { readStart } from "../transport/websocket/socket-start.ts";
import { WebSocketTransport } from "../transport/websocket/websocket-transport.ts";

export type SocketOffer = Extract<SessionCommand, { command: "offer_socket" }>;

export interface SocketTransportLike extends MediaTransport {
  /** The client's first message has come: tells the session that it is connected. */
  begin(): void;
}

export interface SocketKind<Start> {
  readonly read: (data: RawData, isBinary: boolean) => FirstWord<Start>;
  /** What the client calls the session. */
  readonly clientIdOf: (start: Start) => string;
  readonly connect: (
    socket: WebSocket,
    start: Start,
    stream: LoadedStream,
    events: TransportEvents,
  ) => SocketTransportLike;
}

/** True while the session's client id is still to come: its sid stands in place of it. */
export const isUnnamed = ({ clientId, sid }: Pick<SocketOffer, "clientId" | "sid">): boolean => clientId === sid;

export function webSocketKind(offer: SocketOffer, clock: Clock): SocketKind<StartMessage> {
  const { sid, clientId } = offer;
  return {
    read: readStart(isUnnamed(offer) ? null : clientId),
    clientIdOf: (start) => start.websocket_id,
    connect: (socket, start, { stream }, events) => {
      const { inputSampleRate: input, outputSampleRate: output } = stream.handler;
      return new WebSocketTransport({ socket, start, sid, handlerRates: { input, output }, clock }, events);
    },
  };
}

export function telephoneKind(
  clock: Clock,
  log: { error(fields: object, message: string): void },
): SocketKind<CallStart> {
  return {
    read: readCallStart,
    clientIdOf: (call) => call.streamId,
    connect: (socket, call, _, events) => {
      const transport = new TelephoneTransport({ socket, call, clock, log }, events);
      attachCall(socket, transport);
      return transport;
    },
  };
}
