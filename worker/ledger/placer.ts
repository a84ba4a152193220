/** Placement on the ledger's rows: which of the nodes takes a session, and how much room there is. */
import type { NodeFacts } from "./node-facts.ts";
import { choose, type PlacementNode, type ReportingNode, roomOn } from "./placement.ts";
import { tallyOf } from "./queries.ts";
import type { SqlPort } from "./sql-port.ts";
import type { Place } from "./types.ts";

export interface PlacementRequest {
  /** Where the client is. */
  readonly near?: Place | undefined;
  readonly nowMs: number;
}

export class Placer {
  readonly #sql: SqlPort;
  readonly #facts: NodeFacts;
  readonly #random: () => number;

  /** @param random returns a number in [0, 1). */
  constructor(sql: SqlPort, facts: NodeFacts, random: () => number) {
    this.#sql = sql;
    this.#facts = facts;
    this.#random = random;
  }

  /** Nodes that take sessions, full ones included. */
  nodes(): readonly ReportingNode[] {
    return this.#facts.placeable();
  }

  /** @returns null if all of them are full. */
  choose(nodes: readonly ReportingNode[], { near, nowMs }: PlacementRequest): PlacementNode | null {
    return choose(nodes, (node) => tallyOf(this.#sql, node, nowMs), this.#random, near);
  }

  /** A node by name, if it is among these and has room. */
  named(nodes: readonly ReportingNode[], nodeId: string | null, nowMs: number): PlacementNode | null {
    const found = nodes.find((node) => node.nodeId === nodeId);
    if (found === undefined) return null;
    const node = { ...found, ...tallyOf(this.#sql, found, nowMs) };
    return roomOn(node) > 0 ? node : null;
  }

  /** Sessions that all nodes together can still take, as far as the ledger knows. */
  room(nowMs: number): number {
    return this.nodes().reduce((sum, node) => sum + roomOn({ ...node, ...tallyOf(this.#sql, node, nowMs) }), 0);
  }
}
