/**
 * `GET /admin/api/overview`: nodes and streams at a glance. Read from the Directory and the ledgers alone: the nodes' own
 * objects hibernate, and go on doing so while an operator looks.
 */
import type { Context } from "hono";
import {
  MAX_OVERVIEW_STREAMS,
  type NodeHealth,
  type NodeOverview,
  type Overview,
  type StreamOverview,
} from "../../shared/admin.ts";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import { streamPath } from "../../shared/ids.ts";
import { EDGERTC_VERSION, PROTOCOL_VERSION } from "../../shared/version.ts";
import { directoryOf, streamOf } from "../env.ts";
import type { LedgerOverview, NodeInLedger } from "../ledger/overview.ts";
import { callObject } from "../objects/call.ts";
import type { EdgeEnv } from "../routes/types.ts";
import type { NodeListing } from "../rpc.ts";

/** A stream's ledger under the stream's name. */
export interface NamedLedger {
  readonly stream: string;
  readonly ledger: LedgerOverview;
}

export async function getOverview(c: Context<EdgeEnv>): Promise<Response> {
  const directory = directoryOf(c.env);
  const [nodes, streams] = await Promise.all([
    callObject(() => directory.nodes({ v: PROTOCOL_VERSION })),
    callObject(() => directory.list({ v: PROTOCOL_VERSION })),
  ]);
  const shown = streams.slice(0, MAX_OVERVIEW_STREAMS);
  const ledgers = await Promise.all(shown.map((descriptor) => readLedger(c, descriptor)));
  const overview: Overview = {
    nowMs: Date.now(),
    version: EDGERTC_VERSION,
    nodes: nodes.map((node) => summarise(node, ledgers)),
    streams: ledgers.map(({ descriptor, ledger }) => describe(descriptor, ledger)),
    streamsLeftOut: streams.length - shown.length,
  };
  return c.json(overview);
}

async function readLedger({ env }: Context<EdgeEnv>, descriptor: StreamDescriptor) {
  const stream = descriptor.name;
  const ledger = await callObject(() => streamOf(env, stream).overview({ v: PROTOCOL_VERSION }));
  return { stream, descriptor, ledger };
}

function describe(descriptor: StreamDescriptor, ledger: LedgerOverview): StreamOverview {
  const { name, ui, modality, mode, concurrencyLimit } = descriptor;
  const { limit, operatorLimit, active, waiting, nodesReady } = ledger;
  return {
    name,
    path: streamPath(name),
    title: ui.title ?? null,
    modality,
    mode,
    limit: limit ?? concurrencyLimit,
    descriptorLimit: concurrencyLimit,
    operatorLimit,
    active,
    waiting,
    nodesReady,
  };
}

/** Every stream knows its own share of a node; the one that heard of it last knows how it is. */
export function summarise(node: NodeListing, ledgers: readonly NamedLedger[]): NodeOverview {
  const { nodeId, version, region, lostMs } = node;
  const known = ledgers.flatMap(({ stream, ledger }) =>
    ledger.nodes.filter((row) => row.nodeId === nodeId).map((row) => ({ ...row, stream })),
  );
  const [latest] = known.toSorted(latestFirst);
  if (latest === undefined) {
    const state = lostMs === null ? "starting" : "lost";
    const nothing = { epoch: null, sessions: 0, capacity: 0, cpu: 0, streams: [] };
    return { nodeId, state, sinceMs: lostMs, version, region, ...nothing };
  }
  const { load } = known.reduce((newest, row) => (row.loadMs > newest.loadMs ? row : newest));
  return {
    nodeId,
    state: healthOf(latest.state, load),
    sinceMs: latest.changedMs,
    epoch: latest.epoch,
    version,
    region,
    sessions: known.reduce((sum, { held }) => sum + held, 0),
    capacity: load.capacity,
    cpu: load.cpu,
    streams: known.filter(({ state }) => state === latest.state).map(({ stream }) => stream),
  };
}

/** A stream that a node stopped serving calls it lost; the others know better. */
function latestFirst(a: NodeInLedger, b: NodeInLedger): number {
  return b.epoch - a.epoch || b.revision - a.revision || Number(a.state === "lost") - Number(b.state === "lost");
}

function healthOf(state: NodeInLedger["state"], { ready, draining }: NodeInLedger["load"]): NodeHealth {
  if (state !== "up") return state;
  if (draining === true) return "draining";
  return ready ? "up" : "starting";
}
