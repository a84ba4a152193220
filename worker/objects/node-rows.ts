/** The MediaNode object's rows: the node's epoch and state, and whom of its audience it has told so. */
import { type Migrations, Schema } from "../ledger/schema.ts";
import { number, numberOrNull, type SqlPort, text } from "../ledger/sql-port.ts";
import type { NodeState } from "../ledger/types.ts";

const MIGRATIONS: Migrations = [
  [
    `CREATE TABLE node (
       id INTEGER PRIMARY KEY, node_id TEXT NOT NULL, epoch INTEGER NOT NULL, state TEXT NOT NULL,
       changed_ms INTEGER NOT NULL, lost_at_ms INTEGER, revision INTEGER NOT NULL
     )`,
    // A stream the node serves, or served, and the state of the node that it acknowledged.
    "CREATE TABLE audience (stream TEXT PRIMARY KEY, told TEXT NOT NULL) WITHOUT ROWID",
  ],
  // Tokens that the node has used and that would still be valid.
  ["CREATE TABLE used_tokens (token_id TEXT PRIMARY KEY, forget_at_ms INTEGER NOT NULL) WITHOUT ROWID"],
];

export interface NodeRow {
  readonly nodeId: string;
  readonly epoch: number;
  readonly state: NodeState;
  readonly changedMs: number;
  /** While suspect without a socket: when it is lost. */
  readonly lostAtMs: number | null;
  /** Counts the changes of this row, over all runs. */
  readonly revision: number;
}

export class NodeRows {
  readonly #sql: SqlPort;
  readonly #schema: Schema;
  /** The node's row, once it was read: every command asks for it, and it changes seldom. */
  #node: NodeRow | null = null;

  constructor(sql: SqlPort) {
    this.#sql = sql;
    this.#schema = new Schema(sql, MIGRATIONS);
  }

  node(): NodeRow | null {
    this.#node ??= this.#readNode();
    return this.#node;
  }

  setNode(node: NodeRow): void {
    this.#schema.ensure();
    this.#sql.rows(
      "INSERT OR REPLACE INTO node (id, node_id, epoch, state, changed_ms, lost_at_ms, revision) VALUES (1, ?, ?, ?, ?, ?, ?)",
      node.nodeId,
      node.epoch,
      node.state,
      node.changedMs,
      node.lostAtMs,
      node.revision,
    );
    this.#node = node;
  }

  /** @returns false if the token was used before. Only what could be used again is remembered. */
  useToken(tokenId: string, forgetAtMs: number, nowMs: number): boolean {
    this.#schema.ensure();
    this.#sql.rows("DELETE FROM used_tokens WHERE forget_at_ms < ?", nowMs);
    const [used] = this.#sql.rows("SELECT 1 AS used FROM used_tokens WHERE token_id = ?", tokenId);
    if (used !== undefined) return false;
    this.#sql.rows("INSERT INTO used_tokens (token_id, forget_at_ms) VALUES (?, ?)", tokenId, forgetAtMs);
    return true;
  }

  /** Streams that have not acknowledged the node's state. */
  untold(state: NodeState): string[] {
    if (!this.#schema.exists()) return [];
    return this.#sql.rows("SELECT stream FROM audience WHERE told <> ?", state).map((row) => text(row, "stream"));
  }

  audience(): string[] {
    if (!this.#schema.exists()) return [];
    return this.#sql.rows("SELECT stream FROM audience").map((row) => text(row, "stream"));
  }

  setTold(stream: string, state: NodeState): void {
    this.#sql.rows(
      "INSERT INTO audience (stream, told) VALUES (?1, ?2) ON CONFLICT (stream) DO UPDATE SET told = ?2 WHERE told <> ?2",
      stream,
      state,
    );
  }

  /** A stream the node no longer serves. */
  forget(stream: string): void {
    this.#sql.rows("DELETE FROM audience WHERE stream = ?", stream);
  }

  #readNode(): NodeRow | null {
    if (!this.#schema.exists()) return null;
    const [row] = this.#sql.rows("SELECT * FROM node WHERE id = 1");
    if (row === undefined) return null;
    return {
      nodeId: text(row, "node_id"),
      epoch: number(row, "epoch"),
      state: asState(text(row, "state")),
      changedMs: number(row, "changed_ms"),
      lostAtMs: numberOrNull(row, "lost_at_ms"),
      revision: number(row, "revision"),
    };
  }
}

function asState(state: string): NodeState {
  return state === "up" || state === "suspect" ? state : "lost";
}
