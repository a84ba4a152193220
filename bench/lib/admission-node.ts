/** A media node without media, at the real node link: it answers every offer at once, and reports the session's end at once. */

import { NodeCredentials } from "../../media-node/link/node-credentials.ts";
import { NodeLink } from "../../media-node/link/node-link.ts";
import { systemClock } from "../../media-node/time/clock.ts";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import type { Command, ReplyBody } from "../../shared/link.ts";
import { EDGERTC_VERSION } from "../../shared/version.ts";

/** Shared by the bench's edge and its node. */
export const ADMISSION_SECRET = "secret-of-the-benchmark";

const NODE_ID = "bench";
/** Nothing that is measured meets a limit. */
const PLENTY = 100_000;
const STOP_TIMEOUT_MS = 2_000;

/** What the node answers: the size of a real answer, and as a rule of no use to anyone. */
const ANSWER = `v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n${"a=candidate:1 1 udp 2113937151 192.0.2.1 54321 typ host\r\n".repeat(20)}`;

function descriptor(name: string): StreamDescriptor {
  return {
    name,
    modality: "audio",
    mode: "send-receive",
    concurrencyLimit: PLENTY,
    timeLimit: null,
    allowExtraTracks: false,
    rtcConfiguration: null,
    trackConstraints: null,
    ui: {},
    build: 1,
  };
}

export interface AdmissionNode {
  stop(): Promise<void>;
}

/** Links a node that serves `streams` to the edge. Resolves once it takes sessions. */
export async function startAdmissionNode(edgeUrl: string, streams: readonly string[]): Promise<AdmissionNode> {
  const linked = Promise.withResolvers<void>();
  const link = new NodeLink({
    edgeUrl,
    credentials: new NodeCredentials({ secret: ADMISSION_SECRET, nodeId: NODE_ID, edgeUrl }),
    nodeId: NODE_ID,
    clock: systemClock,
    random: Math.random,
    log: { info: () => undefined, warn: (fields, message) => console.error(message, fields) },
    describe: () => ({ version: EDGERTC_VERSION, streams: streams.map(descriptor), sessions: [] }),
    load: () => ({ sessions: 0, capacity: PLENTY, cpu: 0, ready: true }),
    onCommand: async (command) => answer(link, command),
    onEnd: () => undefined,
    machineTimeMs: () => performance.now(),
    onVouched: () => undefined,
    onReplaced: () => linked.reject(new Error("another node has the bench's name")),
    alive: () => true,
    onLinked: () => linked.resolve(),
  });
  link.start();
  await linked.promise;
  return { stop: async () => await link.stop(STOP_TIMEOUT_MS) };
}

function answer(link: NodeLink, command: Command): ReplyBody {
  if (command.command !== "offer") return { id: command.id, ok: true };
  const { id, sid, stream, clientId } = command;
  link.report({ event: "ended", reason: "client_closed", sid, stream, clientId });
  return { id, ok: true, sdp: ANSWER };
}
