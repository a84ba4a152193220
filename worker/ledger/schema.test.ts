import { expect, it } from "vitest";
import { nodeSql } from "../../test/support/node-sqlite.ts";
import { Schema } from "./schema.ts";

const V1 = ["CREATE TABLE things (id INTEGER PRIMARY KEY)"];
const V2 = ["ALTER TABLE things ADD COLUMN name TEXT"];

it("reads a store that was never written as absent, and leaves it unwritten", () => {
  const sql = nodeSql();
  expect(new Schema(sql, [V1]).exists()).toBe(false);
  expect(sql.rows("SELECT name FROM sqlite_master")).toEqual([]);
  sql.close();
});

it("brings an older store forward, keeping its rows, when a newer build opens it", () => {
  const sql = nodeSql();
  new Schema(sql, [V1]).ensure();
  sql.rows("INSERT INTO things (id) VALUES (7)");
  expect(new Schema(sql, [V1, V2]).exists()).toBe(true);
  expect(sql.rows("SELECT id, name FROM things")).toEqual([{ id: 7, name: null }]);
  sql.close();
});

it("lets an older build use a newer store as it is", () => {
  const sql = nodeSql();
  new Schema(sql, [V1, V2]).ensure();
  const older = new Schema(sql, [V1]);
  expect(older.exists()).toBe(true);
  older.ensure();
  expect(sql.rows("SELECT version FROM schema")).toEqual([{ version: 2 }]);
  sql.close();
});

it("leaves nothing behind of a migration that fails half way", () => {
  const sql = nodeSql();
  expect(() => new Schema(sql, [[...V1, "NOT SQL"]]).ensure()).toThrow();
  expect(sql.rows("SELECT name FROM sqlite_master")).toEqual([]);
  sql.close();
});
