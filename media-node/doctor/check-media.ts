/** The address at which clients' WebSockets reach this node: whether the edge can use it, and whether it leads here. */
import { isIP } from "node:net";
import { WebSocket } from "ws";
import { MEDIA_SOCKET_PATH, NODE_ID_HEADER } from "../../shared/link.ts";
import { isPublicHost } from "../ice/public-host.ts";
import { MEDIA_SERVER_HEADER, type MediaServerWord } from "../sockets/media-server.ts";
import { causeOf } from "./ask.ts";
import type { Context } from "./context.ts";
import { type Finding, failure, ok, skipped, warning } from "./finding.ts";

const CHECK = "media";

/** Has the form of a ticket, and is none: 192 random bits are never all zero. */
const NO_TICKET = "A".repeat(32);

const FORWARD_UPGRADES =
  "Have it pass WebSocket upgrades on, as Caddy does by itself; nginx needs proxy_http_version 1.1 and the headers Upgrade and Connection.";

/** What OpenSSL puts behind a fault's name is for its own developers. */
const OPENSSL = / [0-9A-F]+:error:.*$/s;

type Answer =
  | { readonly kind: "opened" }
  | { readonly kind: "refused"; readonly status: number; readonly word: string | undefined; readonly tookMs: number }
  | { readonly kind: "silent"; readonly cause: string };

export async function checkMedia(context: Context): Promise<Finding[]> {
  const { publicUrl, edgeUrl } = context.options;
  if (publicUrl === null) return [skipped(CHECK, "There is no --public-url: the edge bridges calls over WebSockets.")];
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : null;
  if (url === null || !/^wss?:$/.test(url.protocol)) {
    const why = "The edge opens WebSockets there; the node does not start with it.";
    return [failure(CHECK, `"${publicUrl}" is no URL of WebSockets.`, why, "Give it as --public-url wss://…")];
  }
  const edgeIsPublic = URL.canParse(edgeUrl) && isPublicHost(new URL(edgeUrl).hostname);
  return [...ofUrl(url, edgeIsPublic), judge(publicUrl, await knock(context, publicUrl))];
}

/** What can be told from the URL alone. */
function ofUrl({ protocol, hostname }: URL, edgeIsPublic: boolean): Finding[] {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (edgeIsPublic && !isPublicHost(host)) {
    const why = `The edge is not in this network: ${host} means nothing to it, or another machine.`;
    const fix = "Give the node a public name, or a tunnel; without --public-url the edge bridges.";
    return [failure(CHECK, "The edge cannot reach --public-url.", why, fix)];
  }
  if (edgeIsPublic && isIP(host) !== 0) {
    const fix = "Give the address a name, and a certificate for it.";
    return [failure(CHECK, "--public-url is a bare address.", "Workers do not fetch those.", fix)];
  }
  if (protocol === "wss:" || !isPublicHost(host)) return [];
  const why = "What callers say, and the tickets that let them in, travel unencrypted.";
  return [warning(CHECK, "--public-url is ws.", why, "Put a proxy with a certificate in front, and use wss.")];
}

/** Comes as a client does, without a ticket. */
async function knock({ options, machine: { clock } }: Context, publicUrl: string): Promise<Answer> {
  const { nodeId, timeoutMs } = options;
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const startMs = clock.nowMs();
  const socket = new WebSocket(`${publicUrl.replace(/\/$/, "")}${MEDIA_SOCKET_PATH}/${NO_TICKET}`, {
    headers: { [NODE_ID_HEADER]: nodeId },
    handshakeTimeout: timeoutMs,
  });
  socket.on("open", () => resolve({ kind: "opened" }));
  socket.on("unexpected-response", (_, { statusCode: status = 0, headers }) => {
    const word = headers[MEDIA_SERVER_HEADER];
    resolve({ kind: "refused", status, word: [word].flat()[0], tookMs: clock.nowMs() - startMs });
  });
  socket.on("error", (error) => resolve({ kind: "silent", cause: causeOf(error).replace(OPENSSL, "") }));
  const answer = await promise;
  socket.removeAllListeners().on("error", () => undefined);
  socket.terminate();
  return answer;
}

function judge(url: string, answer: Answer): Finding {
  if (answer.kind === "silent") {
    const { why, fix } = explainSilence(answer.cause);
    return failure(CHECK, `${url} cannot be reached: ${answer.cause}.`, why, fix);
  }
  if (answer.kind === "opened") {
    const why = "It took a WebSocket without a ticket: the URL leads to another program.";
    return failure(CHECK, `${url} is not this node's media server.`, why, "Have it lead to the node's --media-port.");
  }
  const { status, word, tookMs } = answer;
  if (word === ("other-node" satisfies MediaServerWord)) {
    return failure(
      CHECK,
      `${url} leads to another node.`,
      "A ticket is good at the node that gave it out: calls of this one are refused there.",
      "Give each node a name, or a path, of its own. If this is the node you mean, give the doctor its --id.",
    );
  }
  if (word !== undefined && status === 426) {
    const why = "What is in between passes plain requests on, and drops the upgrade.";
    return failure(CHECK, `No WebSocket gets through to the node at ${url}.`, why, FORWARD_UPGRADES);
  }
  if (word !== undefined) {
    return ok(CHECK, `${url} leads to this node, which asks for a ticket, in ${Math.round(tookMs)} ms.`);
  }
  if (status >= 502 && status <= 504) {
    const why = "The proxy there finds nothing behind it.";
    const fix = "Start the node; have the proxy lead to its --media-host and --media-port (8788 by default).";
    return failure(CHECK, `${url} has no node behind it: HTTP ${status}.`, why, fix);
  }
  return failure(
    CHECK,
    `Something answers at ${url}, but it is no media node: HTTP ${status}.`,
    "The URL leads elsewhere: a proxy that does not pass the path on, a login page, another server.",
    `Have everything below ${MEDIA_SOCKET_PATH}/ lead to the node's --media-port.`,
  );
}

function explainSilence(cause: string): { readonly why: string; readonly fix: string } {
  if (/ENOTFOUND|EAI_AGAIN/.test(cause)) {
    return { why: "The name is unknown to DNS.", fix: "Check the spelling; make a DNS record for it." };
  }
  if (/ECONNREFUSED/.test(cause)) {
    return { why: "Nothing listens there.", fix: "Start the node, and the proxy in front of it." };
  }
  if (/certificate|CERT|self.signed|altname/i.test(cause)) {
    const fix = "Get one for this name from a public authority: the edge takes no other.";
    return { why: "Its certificate is not valid for this name, or not trusted.", fix };
  }
  if (/EPROTO/.test(cause)) {
    return {
      why: "What listens there speaks no TLS; the node itself does not.",
      fix: "Put a proxy with TLS in front.",
    };
  }
  const fix = "Open its port. Some routers let no machine reach its own public address: then try from another one.";
  return { why: "A firewall drops the way there, or what listens hangs.", fix };
}
