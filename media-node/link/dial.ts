/** One dial of the edge: a WebSocket with the node's name and a token for it, and in words what becomes of it. */
import type { ClientRequest, IncomingMessage } from "node:http";
import * as v from "valibot";
import { WebSocket } from "ws";
import { MAX_LINK_MESSAGE_CHARS } from "../../shared/limits.ts";
import { LinkClose, NODE_ID_HEADER, NODE_LINK_PATH } from "../../shared/link.ts";
import { EDGE_TIME_HEADER } from "../../shared/node-token.ts";
import type { Credentials } from "./node-credentials.ts";

/** Of the edge's refusal, as much as is read. */
const MAX_REFUSAL_BYTES = 8_192;

/** How a socket was lost. `edge_down`: nobody listens, or the edge is restarting; it does not watch this node then. */
export type Loss = "closed" | "replaced" | "edge_down";

export interface DialOptions {
  /** The edge's base URL, http or https. */
  readonly edgeUrl: string;
  readonly credentials: Credentials;
  /** Of this run, once it has one. */
  readonly epoch: number | null;
  readonly nodeId: string;
  readonly log: { warn(fields: object, message: string): void };
  /** Do not tell of a failure to connect: it has been told. */
  readonly quiet: boolean;
  readonly onOpen: () => void;
  readonly onMessage: (text: string) => void;
  /** At least once, unless the socket is dropped before. */
  readonly onLost: (loss: Loss) => void;
}

export function dial(options: DialOptions): WebSocket {
  const { edgeUrl, credentials, epoch, nodeId, log, quiet, onOpen, onMessage, onLost } = options;
  // The edge may be mounted under a path.
  const url = new URL(`.${NODE_LINK_PATH}`, `${edgeUrl.replace(/\/$/, "")}/`);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url, {
    headers: { [NODE_ID_HEADER]: nodeId },
    finishRequest: (request) => {
      credentials.authorization(NODE_LINK_PATH, epoch).then(
        (authorization) => {
          // Given up meanwhile.
          if (request.destroyed) return;
          request.setHeader("authorization", authorization);
          request.end();
        },
        (error: unknown) => request.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    perMessageDeflate: false,
    maxPayload: MAX_LINK_MESSAGE_CHARS,
  });
  socket.on("open", onOpen);
  socket.on("message", (data) => onMessage(String(data)));
  socket.on("close", (code, reason) => {
    if (code === LinkClose.replaced || code === LinkClose.protocol) {
      log.warn({ code, reason: String(reason) }, "the edge closed the node link");
    }
    onLost(code === LinkClose.replaced ? "replaced" : "closed");
  });
  socket.on("unexpected-response", (request: ClientRequest, response: IncomingMessage) => {
    readRefusal(response).then(
      ({ error, why }) => {
        log.warn({ status: response.statusCode, edge: edgeUrl, error }, why);
        request.destroy();
        credentials.edgeTimeIs(response.headers[EDGE_TIME_HEADER]);
        onLost(lossOf(error));
      },
      () => onLost("closed"),
    );
  });
  socket.on("error", (error) => {
    if (!quiet) log.warn({ edge: edgeUrl, cause: error.message }, "the edge cannot be reached; still trying");
    onLost("code" in error && error.code === "ECONNREFUSED" ? "edge_down" : "closed");
  });
  return socket;
}

function lossOf(error: string): Loss {
  if (error === "edge_restarting") return "edge_down";
  return error === "node_replaced" ? "replaced" : "closed";
}

/** Drops a socket: nothing is heard of it any more. */
export function drop(socket: WebSocket): void {
  // A socket that is still opening reports its end as an error: there is nobody to tell any more.
  socket.removeAllListeners();
  socket.on("error", () => undefined);
  socket.terminate();
}

const Refusal = v.object({ meta: v.object({ error: v.string(), message: v.string(), fix: v.string() }) });

/** The edge says itself why it does not take the node. */
async function readRefusal(response: IncomingMessage): Promise<{ error: string; why: string }> {
  let text = "";
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > MAX_REFUSAL_BYTES) break;
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Refusal), text);
  if (!parsed.success) return { error: "unknown", why: "the edge refused the node link" };
  const { error, message, fix } = parsed.output.meta;
  return { error, why: `the edge refused the node link: ${message} ${fix}` };
}
