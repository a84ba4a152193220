/** The edge: whether it is there, whether its clock is this machine's, whether it lets this node in. */
import * as v from "valibot";
import { WebSocket } from "ws";
import { LINK_PING, LINK_PONG, NODE_ID_HEADER, NODE_LINK_PATH } from "../../shared/link.ts";
import { NODE_ICE_SERVERS_PATH, NodeIceServersReply } from "../../shared/turn.ts";
import { EDGERTC_VERSION, MIN_PROTOCOL_VERSION } from "../../shared/version.ts";
import { NodeCredentials } from "../link/node-credentials.ts";
import { ask, causeOf, type Reply } from "./ask.ts";
import type { Context } from "./context.ts";
import { type Finding, failure, ok, skipped, warning } from "./finding.ts";

/** TURN credentials and join tokens live for minutes: a clock that is off by more than this eats them up. */
const CLOCK_WARNING_MS = 10_000;
const CLOCK_FAILURE_MS = 60_000;

/** The node that the doctor poses as: it opens a link and says no hello, so that it is never registered. */
const DOCTOR_NODE = "edgertc-doctor";

const Health = v.object({
  status: v.literal("ok"),
  version: v.string(),
  protocol: v.number(),
  nowMs: v.optional(v.number()),
});

export async function checkEdge(context: Context): Promise<Finding[]> {
  const { edgeUrl } = context.options;
  const before = context.machine.wallMs();
  const reply = await ask(context, "/health");
  const health = reply.kind === "json" ? v.safeParse(Health, reply.json) : null;
  if (reply.kind !== "json" || health?.success !== true) return [unreachable(edgeUrl, reply)];
  const { version, protocol, nowMs } = health.output;
  if (nowMs !== undefined) context.learned.clockAheadMs = before + reply.tookMs / 2 - nowMs;
  const here = ok("edge", `${edgeUrl} answers in ${Math.round(reply.tookMs)} ms: EdgeRTC ${version}.`);
  if (protocol >= MIN_PROTOCOL_VERSION) return [here];
  return [
    failure(
      "edge",
      `The edge speaks protocol ${protocol}, this node ${MIN_PROTOCOL_VERSION} and newer.`,
      `The edge is EdgeRTC ${version}, the node ${EDGERTC_VERSION}: more than one release apart.`,
      "Deploy the newer edge first, then the nodes.",
    ),
  ];
}

function unreachable(edgeUrl: string, reply: Reply): Finding {
  if (reply.kind === "silent") {
    const { why, fix } = explainSilence(reply.cause);
    return failure("edge", `${edgeUrl} cannot be reached: ${reply.cause}.`, why, fix);
  }
  const said = reply.kind === "foreign" ? `${reply.status} ${reply.text}` : "something else";
  return failure(
    "edge",
    `Something answers at ${edgeUrl}, but it is no EdgeRTC edge: ${said}`,
    "The URL leads elsewhere: another Worker, a proxy, a login page, or a path under which the edge is not mounted.",
    `Open ${edgeUrl}/health in a browser: it must say {"status":"ok",…}.`,
  );
}

function explainSilence(cause: string): { readonly why: string; readonly fix: string } {
  if (/ENOTFOUND|EAI_AGAIN/.test(cause)) {
    return {
      why: "The name is unknown to this machine's DNS.",
      fix: "Check the spelling, and the machine's resolver.",
    };
  }
  if (/ECONNREFUSED/.test(cause)) {
    return { why: "Nothing listens there.", fix: "Start the edge: npx edgertc dev, or npx wrangler deploy." };
  }
  if (/certificate|CERT|self.signed|altname/i.test(cause)) {
    const fix = "Renew the certificate, or give its authority to Node in NODE_EXTRA_CA_CERTS.";
    return { why: "Its certificate is not valid for this name, or not trusted here.", fix };
  }
  const fix = "Allow outgoing HTTPS to it, or set the machine's proxy.";
  return { why: "A firewall drops the way there, or the edge hangs.", fix };
}

export async function checkClock({ learned: { clockAheadMs } }: Context): Promise<Finding[]> {
  if (clockAheadMs === null) return [skipped("clock", "This edge does not tell its time.")];
  const offMs = Math.abs(clockAheadMs);
  const seconds = (offMs / 1_000).toFixed(1);
  const which = clockAheadMs > 0 ? "ahead of" : "behind";
  if (offMs < CLOCK_WARNING_MS) return [ok("clock", `This machine's clock is within ${seconds} s of the edge's.`)];
  const why =
    "TURN credentials, join tokens and certificates are valid by the clock: here they are too old, or too young.";
  const tell = offMs < CLOCK_FAILURE_MS ? warning : failure;
  return [
    tell(
      "clock",
      `This machine's clock is ${seconds} s ${which} the edge's.`,
      why,
      "Turn on time synchronisation (NTP).",
    ),
  ];
}

/** Asks for this node's ICE servers: the edge gives them only to whoever has its secret. */
export async function checkSecret(context: Context): Promise<Finding[]> {
  const { secret, nodeId } = context.options;
  if (secret === null) return [skipped("secret", "There is none to try.")];
  const reply = await ask(
    context,
    NODE_ICE_SERVERS_PATH,
    await headers(context, secret, nodeId, NODE_ICE_SERVERS_PATH),
  );
  switch (reply.kind) {
    case "json": {
      const parsed = v.safeParse(NodeIceServersReply, reply.json);
      if (parsed.success) context.learned.nodeServers = parsed.output.iceServers;
      return [ok("secret", "The edge knows this node's secret.")];
    }
    case "refused": {
      if (reply.code === "not_found") return [skipped("secret", "This edge is too old to be asked without dialling.")];
      const why =
        reply.code === "node_unauthorized"
          ? "EDGERTC_NODE_SECRET here and on the Worker differ."
          : `The edge says ${reply.code}.`;
      return [failure("secret", reply.what, why, reply.fix)];
    }
    default:
      return [
        failure("secret", "The edge did not answer.", noAnswer(reply), "Run the doctor again; look at the edge's log."),
      ];
  }
}

/** Opens the node link as a node does, and has it answer a ping: proxies often stand in the way of WebSockets alone. */
export async function checkLink(context: Context): Promise<Finding[]> {
  const { options, machine } = context;
  const { edgeUrl, secret, timeoutMs } = options;
  const { clock } = machine;
  if (secret === null) return [skipped("link", "Without a secret there is no link to try.")];
  const url = new URL(`.${NODE_LINK_PATH}`, `${edgeUrl.replace(/\/$/, "")}/`);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const shown = await headers(context, secret, DOCTOR_NODE, NODE_LINK_PATH);
  const socket = new WebSocket(url, { headers: shown, handshakeTimeout: timeoutMs });
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const timer = clock.after(timeoutMs, () => resolve(`no answer within ${timeoutMs} ms`));
  const startMs = clock.nowMs();
  socket.on("open", () => socket.send(LINK_PING));
  socket.on("message", (data) => {
    if (String(data) === LINK_PONG) resolve(null);
  });
  socket.on("unexpected-response", (_, response) => resolve(`HTTP ${response.statusCode}`));
  socket.on("error", (error) => resolve(causeOf(error)));
  const trouble = await promise;
  timer.cancel();
  socket.removeAllListeners().on("error", () => undefined);
  if (trouble === null) {
    socket.close();
    return [ok("link", `A node link opens and answers in ${Math.round(clock.nowMs() - startMs)} ms.`)];
  }
  socket.terminate();
  return [
    failure(
      "link",
      `No WebSocket to the edge: ${trouble}.`,
      "A node talks to the edge over one. Where plain requests get through and this does not, a proxy is in between.",
      "Let WebSocket upgrades to /node/link through.",
    ),
  ];
}

/** By the edge's clock: one that is wrong here is a finding of its own. */
async function headers(
  { options: { edgeUrl }, machine, learned }: Context,
  secret: string,
  nodeId: string,
  path: string,
): Promise<Record<string, string>> {
  const wallClockMs = (): number => machine.wallMs() - (learned.clockAheadMs ?? 0);
  const credentials = new NodeCredentials({ secret, nodeId, edgeUrl, wallClockMs });
  return { authorization: await credentials.authorization(path), [NODE_ID_HEADER]: nodeId };
}

function noAnswer(reply: Reply): string {
  if (reply.kind === "silent") return reply.cause;
  return reply.kind === "foreign" ? `It sent ${reply.status} ${reply.text}` : "It sent something else.";
}
