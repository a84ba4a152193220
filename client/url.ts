/** The routes of one stream at the edge, as URLs. */
import { streamPath } from "../shared/stream-name.ts";

export interface StreamRoutes {
  /** GET: the stream's descriptor. */
  readonly config: string;
  /** POST: the offer, and the trickled candidates after it. */
  readonly offer: string;
  /** GET: ICE servers for one call. */
  readonly turn: string;
  /** POST: inputs of a running call. */
  readonly inputs: string;
  /** The audio WebSocket, with what the edge is to know before it takes it. */
  socket(query: Readonly<Record<string, string>>): string;
  /** GET: what became of the session of this client id. DELETE: it is given up, before it was connected. */
  session(clientId: string): string;
  /** GET: how a place in line stands. DELETE: it is given up. */
  ticket(ticket: string): string;
}

/**
 * @param base where the edge is, such as `https://voice.example.com`; "" is the page's own origin.
 * @param stream the stream's name; `default` is served at the root.
 */
export function streamRoutes(base: string, stream: string): StreamRoutes {
  const prefix = base.replace(/\/+$/, "") + streamPath(encodeURIComponent(stream));
  return {
    config: `${prefix}/config`,
    offer: `${prefix}/webrtc/offer`,
    turn: `${prefix}/turn`,
    inputs: `${prefix}/input_hook`,
    socket: (query) => {
      const url = new URL(`${prefix}/websocket/offer`, location.href);
      url.protocol = url.protocol.replace("http", "ws");
      url.search = new URLSearchParams(query).toString();
      return url.href;
    },
    session: (clientId) => `${prefix}/sessions/${encodeURIComponent(clientId)}`,
    ticket: (ticket) => `${prefix}/queue/${encodeURIComponent(ticket)}`,
  };
}
