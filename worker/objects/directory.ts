/**
 * The `Directory` object: which streams exist, and which nodes registered them in which build. Workers cache what it
 * says, so that an unknown stream is refused before any object is made for it.
 */
import { DurableObject } from "cloudflare:workers";
import * as v from "valibot";
import { StreamDescriptor } from "../../shared/descriptor.ts";
import type { Env } from "../env.ts";
import { durableSql } from "../ledger/durable-sql.ts";
import { type Migrations, Schema } from "../ledger/schema.ts";
import { numberOrNull, type SqlPort, type SqlRow, text } from "../ledger/sql-port.ts";
import {
  checkVersion,
  type DirectoryApi,
  type Message,
  type NodeListing,
  type StreamLookup,
  type Versioned,
} from "../rpc.ts";

/** A node that has been lost this long is forgotten, with streams that only it served. */
export const FORGET_NODE_MS = 7 * 24 * 60 * 60 * 1_000;

const MIGRATIONS: Migrations = [
  [
    `CREATE TABLE streams (
       name TEXT NOT NULL, node_id TEXT NOT NULL, build INTEGER NOT NULL, descriptor TEXT NOT NULL,
       PRIMARY KEY (name, node_id)
     ) WITHOUT ROWID`,
    // lost_ms is null while the node is there.
    "CREATE TABLE nodes (node_id TEXT PRIMARY KEY, version TEXT NOT NULL, lost_ms INTEGER) WITHOUT ROWID",
  ],
  // Where the node runs, in words.
  ["ALTER TABLE nodes ADD COLUMN region TEXT"],
];

/** A stream's descriptors, the one that counts first: newest build of the nodes that are there, else of lost ones. */
const BEST_FIRST =
  "FROM streams JOIN nodes USING (node_id) ORDER BY name, lost_ms IS NOT NULL, build DESC, lost_ms DESC";

export class Directory extends DurableObject<Env> implements DirectoryApi {
  readonly #sql: SqlPort;
  readonly #schema: Schema;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = durableSql(ctx.storage);
    this.#schema = new Schema(this.#sql, MIGRATIONS);
  }

  async register(request: Message<DirectoryApi, "register">): Promise<void> {
    checkVersion(request);
    this.#schema.ensure();
    const { nodeId, version, region = null, streams } = request;
    this.#sql.transaction(() => {
      this.#forgetNodes(Date.now());
      this.#sql.rows(
        `INSERT INTO nodes (node_id, version, lost_ms, region) VALUES (?1, ?2, NULL, ?3)
         ON CONFLICT (node_id) DO UPDATE SET version = ?2, lost_ms = NULL, region = ?3
         WHERE version <> ?2 OR lost_ms IS NOT NULL OR region IS NOT ?3`,
        nodeId,
        version,
        region,
      );
      for (const stream of streams) {
        // Redials are frequent, new descriptors rare: only what changed is written.
        this.#sql.rows(
          `INSERT INTO streams (name, node_id, build, descriptor) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT (name, node_id) DO UPDATE SET build = ?3, descriptor = ?4 WHERE descriptor <> ?4`,
          stream.name,
          nodeId,
          stream.build,
          JSON.stringify(stream),
        );
      }
      const served = new Set(streams.map((stream) => stream.name));
      for (const row of this.#sql.rows("SELECT name FROM streams WHERE node_id = ?", nodeId)) {
        const name = text(row, "name");
        if (!served.has(name)) this.#sql.rows("DELETE FROM streams WHERE name = ? AND node_id = ?", name, nodeId);
      }
    });
  }

  async nodeLost(request: Versioned & { nodeId: string }): Promise<void> {
    checkVersion(request);
    if (!this.#schema.exists()) return;
    this.#sql.rows("UPDATE nodes SET lost_ms = ? WHERE node_id = ? AND lost_ms IS NULL", Date.now(), request.nodeId);
  }

  async lookup(request: Versioned & { stream: string }): Promise<StreamLookup> {
    checkVersion(request);
    if (!this.#schema.exists()) return { descriptor: null, anyKnown: false };
    const query = BEST_FIRST.replace("ORDER BY", "WHERE name = ? ORDER BY");
    const [row] = this.#sql.rows(`SELECT descriptor ${query} LIMIT 1`, request.stream);
    if (row !== undefined) return { descriptor: asDescriptor(row), anyKnown: true };
    return { descriptor: null, anyKnown: this.#sql.rows("SELECT name FROM streams LIMIT 1").length > 0 };
  }

  async list(request: Versioned): Promise<StreamDescriptor[]> {
    checkVersion(request);
    if (!this.#schema.exists()) return [];
    const best = new Map<string, StreamDescriptor>();
    for (const row of this.#sql.rows(`SELECT name, descriptor ${BEST_FIRST}`)) {
      if (!best.has(text(row, "name"))) best.set(text(row, "name"), asDescriptor(row));
    }
    return [...best.values()];
  }

  async nodes(request: Versioned): Promise<NodeListing[]> {
    checkVersion(request);
    if (!this.#schema.exists()) return [];
    return this.#sql.rows("SELECT node_id, version, region, lost_ms FROM nodes ORDER BY node_id").map((row) => ({
      nodeId: text(row, "node_id"),
      version: text(row, "version"),
      region: row["region"] === null ? null : text(row, "region"),
      lostMs: numberOrNull(row, "lost_ms"),
    }));
  }

  #forgetNodes(nowMs: number): void {
    const forgotten = this.#sql.rows("DELETE FROM nodes WHERE lost_ms < ? RETURNING node_id", nowMs - FORGET_NODE_MS);
    for (const row of forgotten) this.#sql.rows("DELETE FROM streams WHERE node_id = ?", text(row, "node_id"));
  }
}

function asDescriptor(row: SqlRow): StreamDescriptor {
  return v.parse(StreamDescriptor, JSON.parse(text(row, "descriptor")));
}
