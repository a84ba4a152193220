/** The schema of a stream's ledger, by version. Migrations only add: an older build uses a newer store as it is. */
import type { Migrations } from "./schema.ts";

// One row is written per change of a lease or a ticket: no rowid beside the key, and no index.
export const LEDGER_MIGRATIONS: Migrations = [
  [
    `CREATE TABLE leases (
       client_id TEXT PRIMARY KEY, sid TEXT NOT NULL, node_id TEXT NOT NULL, epoch INTEGER NOT NULL,
       state TEXT NOT NULL, admitted_ms INTEGER NOT NULL, deadline_ms INTEGER
     ) WITHOUT ROWID`,
    `CREATE TABLE nodes (
       node_id TEXT PRIMARY KEY, epoch INTEGER NOT NULL, state TEXT NOT NULL, changed_ms INTEGER NOT NULL,
       build INTEGER NOT NULL, concurrency_limit INTEGER NOT NULL, capacity INTEGER NOT NULL,
       sessions INTEGER NOT NULL, cpu REAL NOT NULL, ready INTEGER NOT NULL, load_ms INTEGER NOT NULL,
       revision INTEGER NOT NULL
     ) WITHOUT ROWID`,
    // What an operator sets wins over every descriptor.
    "CREATE TABLE settings (id INTEGER PRIMARY KEY, operator_limit INTEGER)",
  ],
  [
    // The queue. `number` is a ticket's place in line; `home` the node that keeps the state of the call before.
    `CREATE TABLE tickets (
       number INTEGER PRIMARY KEY, ticket TEXT NOT NULL, called INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
       home TEXT
     )`,
    // The place in line that a lease was granted for, should its node refuse the session.
    "ALTER TABLE leases ADD COLUMN ticket_number INTEGER",
    // Of the descriptor; null is no queue, and no time limit.
    "ALTER TABLE nodes ADD COLUMN queue_length INTEGER",
    "ALTER TABLE nodes ADD COLUMN ticket_ttl_ms INTEGER",
    "ALTER TABLE nodes ADD COLUMN rejoin INTEGER",
    "ALTER TABLE nodes ADD COLUMN time_limit_ms INTEGER",
    // Where the node dialled from, in degrees.
    "ALTER TABLE nodes ADD COLUMN latitude REAL",
    "ALTER TABLE nodes ADD COLUMN longitude REAL",
  ],
  // For operators: a node that is not ready either starts or leaves.
  ["ALTER TABLE nodes ADD COLUMN draining INTEGER"],
  [
    // The join token that a session was admitted with.
    "ALTER TABLE leases ADD COLUMN token_id TEXT",
    "ALTER TABLE leases ADD COLUMN token_forget_at_ms INTEGER",
    "CREATE TABLE used_tokens (token_id TEXT PRIMARY KEY, forget_at_ms INTEGER NOT NULL) WITHOUT ROWID",
  ],
];
