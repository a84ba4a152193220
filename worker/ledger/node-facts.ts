/**
 * What the rows of nodes and settings come to: the stream's rules, and the nodes that sessions can be placed on. Rows
 * change with a node's news, sessions come in between by the hundred: so it is read once and kept until a row changes.
 * Nobody but the ledger writes those rows. Counts are not kept: they are queries over leases.
 */
import type { ReportingNode } from "./placement.ts";
import { placeableNodes, rulesOf } from "./queries.ts";
import type { SqlPort } from "./sql-port.ts";
import type { Rules } from "./types.ts";

export class NodeFacts {
  readonly #sql: SqlPort;
  /** Undefined: not read since the last change. */
  #rules: Rules | null | undefined;
  #placeable: readonly ReportingNode[] | undefined;

  constructor(sql: SqlPort) {
    this.#sql = sql;
  }

  /** Null while no node ever served the stream and nobody set a limit. */
  rules(): Rules | null {
    if (this.#rules === undefined) this.#rules = rulesOf(this.#sql);
    return this.#rules;
  }

  /** Nodes that take sessions, full ones included. */
  placeable(): readonly ReportingNode[] {
    this.#placeable ??= placeableNodes(this.#sql);
    return this.#placeable;
  }

  /** A row has changed, or a change was undone. */
  forget(): void {
    this.#rules = undefined;
    this.#placeable = undefined;
  }
}
