/** The routes of one stream at the edge, as URLs. */
import { streamPath } from "../shared/ids.ts";

export interface StreamRoutes {
  /** GET: the stream's descriptor. */
  readonly config: string;
  /** POST: the offer, and the trickled candidates after it. */
  readonly offer: string;
  /** GET: what became of the session of this client id. */
  session(clientId: string): string;
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
    session: (clientId) => `${prefix}/sessions/${encodeURIComponent(clientId)}`,
  };
}
