/** The nodes' rows of a stream's ledger, and what their news do to them. Inside a transaction of the ledger. */
import { number, type SqlPort, type SqlRow, text } from "./sql-port.ts";
import type { NodeArrival, NodeChange, ReportedLoad } from "./types.ts";

/** A lost node's row is kept this long: its descriptor's limit holds while no other node is there. */
export const FORGET_NODE_MS = 24 * 60 * 60 * 1_000;

/** @returns false if a newer run of the node, or a later change of this one, has been here already. */
export function putNode(sql: SqlPort, arrival: NodeArrival, nowMs: number): boolean {
  const { nodeId, epoch, revision, load, queue = null, timeLimitMs = null, place = null } = arrival;
  const [known] = sql.rows("SELECT epoch, revision FROM nodes WHERE node_id = ?", nodeId);
  if (known !== undefined && compareNews({ epoch, revision }, known) < 0) return false;
  sql.rows("DELETE FROM nodes WHERE state = 'lost' AND changed_ms < ?", nowMs - FORGET_NODE_MS);
  sql.rows(
    `INSERT OR REPLACE INTO nodes
       (node_id, epoch, state, changed_ms, build, concurrency_limit, capacity, sessions, cpu, ready, load_ms, revision,
        queue_length, ticket_ttl_ms, rejoin, time_limit_ms, latitude, longitude, draining)
     VALUES (?, ?, 'up', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    nodeId,
    epoch,
    nowMs,
    arrival.build,
    arrival.concurrencyLimit,
    load.capacity,
    load.sessions,
    load.cpu,
    load.ready ? 1 : 0,
    nowMs,
    revision,
    queue?.maxLength ?? null,
    queue?.ticketTtlMs ?? null,
    queue?.rejoin === true ? 1 : 0,
    timeLimitMs,
    place?.latitude ?? null,
    place?.longitude ?? null,
    load.draining === true ? 1 : 0,
  );
  return true;
}

/** @returns false for a change that comes too late, or again. */
export function changeNode(sql: SqlPort, { nodeId, epoch, revision, state }: NodeChange, nowMs: number): boolean {
  const [known] = sql.rows("SELECT epoch, state, revision FROM nodes WHERE node_id = ?", nodeId);
  if (known === undefined || compareNews({ epoch, revision }, known) <= 0) return false;
  // Only a hello, with its snapshot, brings a lost node back.
  if (text(known, "state") === "lost") return false;
  sql.rows(
    "UPDATE nodes SET state = ?, changed_ms = ?, revision = ? WHERE node_id = ?",
    state,
    nowMs,
    revision,
    nodeId,
  );
  return true;
}

export function setNodeLoad(
  sql: SqlPort,
  { nodeId, epoch, load }: { nodeId: string; epoch: number; load: ReportedLoad },
  nowMs: number,
): void {
  sql.rows(
    "UPDATE nodes SET capacity = ?, sessions = ?, cpu = ?, ready = ?, draining = ?, load_ms = ? WHERE node_id = ? AND epoch = ?",
    load.capacity,
    load.sessions,
    load.cpu,
    load.ready ? 1 : 0,
    load.draining === true ? 1 : 0,
    nowMs,
    nodeId,
    epoch,
  );
}

/** Orders a node's news by run, then by revision. @returns above 0 if `news` is later than what is known. */
function compareNews(news: { epoch: number; revision: number }, known: SqlRow): number {
  return news.epoch - number(known, "epoch") || news.revision - number(known, "revision");
}
