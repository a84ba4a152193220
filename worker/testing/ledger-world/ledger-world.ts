/**
 * A world of media nodes and callers around a ledger, in virtual time, for property tests: nodes that take sessions, lose
 * them, lose their link, crash and come back; callers that wait in line; and an edge that places, commands and judges as
 * the objects do, and may die between any two of its awaits. After each step it is held against what must be true.
 */
import { PENDING_LEASE_MS } from "../../deadlines.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { TICKET_HOLD_MS } from "../../ledger/queue.ts";
import { Callers } from "./callers.ts";
import { QueueReference } from "./queue-reference.ts";
import { leasedSids, ticketRows, type WorldOptions } from "./scene.ts";
import { SlotReference } from "./slot-reference.ts";
import { WorldNode } from "./world-node.ts";

/** What can happen, each with a number that picks whom it happens to. */
export const STEPS = [
  "offer",
  "dispatch",
  "edge_dies",
  "edge_gives_up",
  "repeat",
  "deliver",
  "connect",
  "hangup",
  "time_up",
  "report",
  "report_twice",
  "load",
  "unlink",
  "cut",
  "reset",
  "redial",
  "crash",
  "restart",
  "evict",
  "limit",
  "wait",
  "wait_long",
  "expire",
  "stale",
  "ask",
  "leave",
  "telephone",
] as const;
export type Step = (typeof STEPS)[number];

/** The world's time passes in steps of this, so that who acts at a moment acts before who acts after it. */
const TICK_MS = 250;

export class LedgerWorld {
  readonly #options: WorldOptions;
  readonly #scene: { ledger: Ledger; nowMs: number };
  readonly #nodes: WorldNode[] = [];
  readonly #callers: Callers;
  readonly #slots: SlotReference;
  readonly #line: QueueReference;

  constructor(options: WorldOptions) {
    const { store, limit, nodes, capacity, queue } = options;
    this.#options = options;
    this.#scene = { ledger: store.open(), nowMs: 1_000_000 };
    this.#slots = new SlotReference(limit);
    this.#line = new QueueReference({ ttlMs: queue?.ticketTtlMs ?? 0, holdMs: TICKET_HOLD_MS });
    this.#callers = new Callers(this.#scene, options, this.#nodes, this.#line);
    for (let index = 0; index < nodes; index += 1) {
      const node = new WorldNode({
        id: `n${index}`,
        scene: this.#scene,
        capacity,
        concurrencyLimit: limit,
        queue,
        onFull: (offer) => this.#callers.placeElsewhere(offer),
      });
      this.#nodes.push(node);
    }
  }

  /** One step, after which everything is checked. @throws if anything is not as it must be. */
  run(step: Step, pick: number): void {
    this.#run(step, pick);
    this.#check();
  }

  /**
   * Lets everything come to rest: who is down stays down, the rest is linked, nothing is on its way, nobody waits any more.
   * @throws if a slot has leaked, or a ticket.
   */
  settle(): void {
    for (const node of this.#nodes) node.redial();
    this.#callers.dispatchAll();
    for (let round = 0; round < 4; round += 1) {
      for (const node of this.#nodes) {
        node.deliverAll();
        node.report("arrives");
      }
      this.#alarm();
      this.#check();
      this.#wait(PENDING_LEASE_MS / 2);
    }
    for (const node of this.#nodes) node.report("arrives");
    // One held slot after the other lapses: what is left of the line is called and does not come.
    while (this.#alarm()) this.#wait(TICKET_HOLD_MS);
    this.#check();
    this.#slots.observeAtRest(leasedSids(this.#options.store.sql), this.#alive());
    this.#checkLineAtRest();
  }

  #run(step: Step, pick: number): void {
    const node = this.#nodes[pick % this.#nodes.length];
    if (node === undefined) return;
    switch (step) {
      case "offer":
        this.#callers.offer(pick);
        break;
      case "dispatch":
        this.#callers.dispatch(pick);
        break;
      case "edge_dies":
        this.#callers.lose(pick);
        break;
      case "edge_gives_up":
        this.#callers.giveUp(pick);
        break;
      case "repeat":
        this.#callers.repeat(pick);
        break;
      case "deliver":
        node.deliver(pick);
        break;
      case "connect":
        node.connect(pick, this.#callers.clientId(pick));
        break;
      case "hangup":
        node.hangUp(pick);
        break;
      case "time_up":
        this.#timeUp(node, pick);
        break;
      case "report":
        node.report("arrives");
        break;
      case "report_twice":
        node.report("is_lost");
        break;
      case "load":
        node.reportLoad(pick);
        break;
      case "unlink":
        node.unlink();
        break;
      case "cut":
        node.cut();
        break;
      case "reset":
        node.reset(pick);
        break;
      case "redial":
        node.redial();
        break;
      case "crash":
        node.crash();
        break;
      case "restart":
        node.restart();
        break;
      case "evict":
        this.#scene.ledger = this.#options.store.open();
        break;
      case "limit":
        this.#setLimit(pick);
        break;
      case "wait":
        this.#wait(pick % 2_000);
        break;
      case "wait_long":
        this.#wait(4_000 + (pick % 4 === 0 ? (pick * 7) % 30_000 : pick % 5_000));
        break;
      case "expire":
        this.#alarm();
        break;
      case "stale":
        node.reportLate(pick);
        break;
      case "ask":
        this.#callers.ask(pick);
        break;
      case "leave":
        this.#callers.leave(pick);
        break;
      case "telephone":
        this.#callers.telephone(pick);
        break;
    }
  }

  #check(): void {
    const { sql } = this.#options.store;
    const tickets = ticketRows(sql);
    this.#line.observe(tickets, this.#scene.nowMs);
    const held = tickets.filter((ticket) => ticket.called).length;
    this.#slots.observe(leasedSids(sql), held, this.#alive());
  }

  /** Nobody is left in line, but where no slot has been free for them since. */
  #checkLineAtRest(): void {
    const waiting = ticketRows(this.#options.store.sql).length;
    const room = this.#nodes.some((node) => node.hasRoom);
    if (waiting > 0 && room && this.#alive().length < this.#slots.limit) {
      throw new Error(`${waiting} wait for free slots`);
    }
  }

  /** Sessions that nodes hold: what the limit is about. */
  #alive(): string[] {
    return this.#nodes.flatMap((node) => node.sids);
  }

  #timeUp(node: WorldNode, pick: number): void {
    const over = node.timeUp(pick);
    if (over !== undefined && this.#options.queue?.rejoin === true) this.#callers.rejoin(over);
  }

  /** The alarm: it may come early, late or twice. @returns whether another is due. */
  #alarm(): boolean {
    const { ledger, nowMs } = this.#scene;
    ledger.expire(nowMs);
    ledger.expire(nowMs);
    return ledger.nextExpiryMs() !== null;
  }

  #setLimit(pick: number): void {
    const limit = 1 + (pick % (this.#options.limit + 1));
    this.#slots.changeLimit(limit);
    this.#scene.ledger.setLimit(limit, this.#scene.nowMs);
  }

  #wait(ms: number): void {
    const untilMs = this.#scene.nowMs + ms;
    while (this.#scene.nowMs < untilMs) {
      this.#scene.nowMs = Math.min(untilMs, this.#scene.nowMs + TICK_MS);
      for (const node of this.#nodes) node.pass();
      this.#check();
    }
  }
}
