/** The schema of the telephone gateway's store, by version. Migrations only add: an older build uses a newer store as it is. */
import type { Migrations } from "../schema.ts";

export const GATEWAY_MIGRATIONS: Migrations = [
  [
    // A key is known by its digest. An index would cost a write more, and there are few.
    `CREATE TABLE keys (
       name TEXT PRIMARY KEY, digest TEXT NOT NULL, seconds_per_month INTEGER NOT NULL
     ) WITHOUT ROWID`,
    // `kind`: a stream of this edge, a host whose media socket calls are connected to, or one that is trusted with instructions.
    `CREATE TABLE codes (
       code TEXT PRIMARY KEY, key_name TEXT NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, expires_ms INTEGER
     ) WITHOUT ROWID`,
    // What was used, by calendar month.
    `CREATE TABLE minutes (
       key_name TEXT NOT NULL, month TEXT NOT NULL, seconds INTEGER NOT NULL, PRIMARY KEY (key_name, month)
     ) WITHOUT ROWID`,
    // An open call has reserved what it may last; one that has ended is remembered for a while, so that it is counted once.
    `CREATE TABLE calls (
       call_id TEXT PRIMARY KEY, provider TEXT NOT NULL, code TEXT NOT NULL, key_name TEXT NOT NULL, month TEXT NOT NULL,
       kind TEXT NOT NULL, target TEXT NOT NULL, started_ms INTEGER NOT NULL, reserved_seconds INTEGER NOT NULL,
       sid TEXT, session_ms INTEGER, ended_ms INTEGER
     ) WITHOUT ROWID`,
    "CREATE TABLE guesses (caller TEXT PRIMARY KEY, wrong INTEGER NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID",
  ],
];
