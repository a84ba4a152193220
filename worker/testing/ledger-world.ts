/**
 * A world of media nodes around a ledger, in virtual time, for property tests: nodes that take sessions, lose them, lose
 * their link, crash and come back, and an edge that places, commands and judges as the objects do. The nodes' own lists
 * are the truth that the ledger is held against.
 */
import { NODE_FENCE_MS, NODE_LOST_MS, NODE_REDIAL_GRACE_MS } from "../../shared/link.ts";
import { CONNECT_TIMEOUT_MS } from "../../shared/session.ts";
import { COMMAND_DEADLINE_MS, PENDING_LEASE_MS } from "../deadlines.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Lease, LeaseRef, NodeState } from "../ledger/types.ts";

interface Held {
  readonly sid: string;
  readonly clientId: string;
  readonly sinceMs: number;
  state: "pending" | "live";
}

interface WorldCommand {
  readonly kind: "offer" | "end";
  readonly lease: LeaseRef;
  readonly deadlineMs: number;
  readonly tried: readonly string[];
}

interface WorldEvent {
  readonly kind: "connected" | "ended";
  readonly ref: LeaseRef;
  readonly atMs: number;
}

/** A report on an open link is there within this; where nothing gets through for longer, the node is suspect. */
const MAX_REPORT_DELAY_MS = 4_000;

interface WorldNode {
  readonly id: string;
  readonly capacity: number;
  epoch: number;
  revision: number;
  /** What the edge thinks of it. */
  state: NodeState;
  running: boolean;
  linked: boolean;
  changedMs: number;
  sessions: Map<string, Held>;
  /** Reports not acknowledged yet, in order. */
  reports: WorldEvent[];
  /** Commands on their way to it, in order. */
  commands: WorldCommand[];
}

export interface WorldOptions {
  readonly ledger: Ledger;
  readonly limit: number;
  readonly nodes: number;
  /** Sessions a node takes, whatever the ledger thinks. */
  readonly capacity: number;
}

/** What can happen, each with a number that picks whom it happens to. */
export const STEPS = [
  "offer",
  "repeat",
  "deliver",
  "connect",
  "hangup",
  "report",
  "report_twice",
  "unlink",
  "redial",
  "crash",
  "restart",
  "wait",
  "wait_long",
  "expire",
  "stale",
] as const;
export type Step = (typeof STEPS)[number];

export class LedgerWorld {
  readonly #options: WorldOptions;
  readonly #nodes: WorldNode[];
  #nowMs = 1_000_000;
  #sids = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#nodes = Array.from({ length: options.nodes }, (_, index) => ({
      id: `n${index}`,
      capacity: options.capacity,
      epoch: 0,
      revision: 0,
      state: "lost",
      running: true,
      linked: false,
      changedMs: this.#nowMs,
      sessions: new Map(),
      reports: [],
      commands: [],
    }));
    for (const node of this.#nodes) this.#hello(node, 1);
  }

  /** Sessions that nodes hold: what the limit is about. */
  alive(): string[] {
    return this.#nodes.flatMap((node) => [...node.sessions.keys()]).sort();
  }

  run(step: Step, pick: number): void {
    const node = this.#nodes[pick % this.#nodes.length];
    if (node === undefined) return;
    switch (step) {
      case "offer":
        this.#offer(`c${pick % (2 * this.#options.limit + 2)}`);
        break;
      case "repeat":
        this.#repeat(pick);
        break;
      case "deliver":
        this.#deliver(node, pick);
        break;
      case "connect":
        this.#connect(node, pick);
        break;
      case "hangup":
        this.#hangUp(node, pickFrom([...node.sessions.values()], pick));
        break;
      case "report":
        this.#report(node, false);
        break;
      case "report_twice":
        this.#report(node, true);
        break;
      case "unlink":
        this.#unlink(node);
        break;
      case "redial":
        if (node.running && !node.linked) this.#hello(node, node.epoch);
        break;
      case "crash":
        this.#crash(node);
        break;
      case "restart":
        if (!node.running) this.#restart(node);
        break;
      case "wait":
        this.#wait(pick % 2_000);
        break;
      case "wait_long":
        this.#wait(5_000 + (pick % 30_000));
        break;
      case "expire":
        this.#options.ledger.expire(this.#nowMs);
        break;
      case "stale":
        this.#stale(node, pick);
        break;
    }
  }

  /** Lets everything come to rest: who is down stays down, the rest is linked, nothing is on its way. */
  settle(): void {
    for (const node of this.#nodes) if (node.running && !node.linked) this.#hello(node, node.epoch);
    for (let round = 0; round < 4; round += 1) {
      for (const node of this.#nodes) {
        while (node.commands.length > 0) this.#deliver(node, 0);
        this.#report(node, false);
      }
      this.#wait(PENDING_LEASE_MS / 2);
    }
    for (const node of this.#nodes) this.#report(node, false);
    this.#options.ledger.expire(this.#nowMs);
  }

  #offer(clientId: string): void {
    this.#sids += 1;
    const sid = `s${this.#sids}`;
    const admission = this.#options.ledger.admit({ sid, clientId, nowMs: this.#nowMs });
    if (admission.ok) this.#place({ sid, clientId, nodeId: admission.nodeId, epoch: admission.epoch }, []);
  }

  /** The Worker repeats an offer: the ledger must give what it gave. */
  #repeat(pick: number): void {
    const commands = this.#nodes.flatMap((node) => node.commands);
    const waiting = commands.filter(({ kind, deadlineMs }) => kind === "offer" && deadlineMs > this.#nowMs);
    const command = pickFrom(waiting, pick);
    if (command === undefined) return;
    const { sid, clientId, nodeId, epoch } = command.lease;
    const held = this.#options.ledger.find(clientId);
    if (held?.sid !== sid) return;
    const again = this.#options.ledger.admit({ sid, clientId, nowMs: this.#nowMs });
    const left = this.#options.ledger.find(clientId);
    if (left !== null && (!again.ok || again.nodeId !== nodeId || again.epoch !== epoch)) {
      throw new Error(`the lease of ${sid} changed by asking again`);
    }
  }

  #place(lease: LeaseRef, tried: readonly string[]): void {
    const node = this.#node(lease.nodeId);
    // The MediaNode object takes no offer for a node that is away, or for another run of it.
    if (!node.linked || node.epoch !== lease.epoch) this.#elsewhere(lease, [...tried, lease.nodeId]);
    else node.commands.push({ kind: "offer", lease, deadlineMs: this.#nowMs + COMMAND_DEADLINE_MS, tried });
  }

  #elsewhere(lease: LeaseRef, tried: readonly string[]): void {
    const { sid, clientId } = lease;
    const admission = this.#options.ledger.placeElsewhere({ sid, clientId, tried, nowMs: this.#nowMs });
    if (admission.ok) this.#place({ sid, clientId, nodeId: admission.nodeId, epoch: admission.epoch }, tried);
  }

  /** The node takes its next command; its reply has its effect at once. */
  #deliver(node: WorldNode, pick: number): void {
    if (!node.linked) return;
    const command = node.commands.shift();
    if (command === undefined) return;
    const { lease } = command;
    if (command.kind === "end") {
      node.sessions.delete(lease.sid);
      this.#options.ledger.release(lease, this.#nowMs);
      return;
    }
    const { sid, clientId } = lease;
    if (node.sessions.size >= node.capacity) this.#elsewhere(lease, [...command.tried, node.id]);
    // One offer in eight is one the node cannot use.
    else if (pick % 8 === 7) this.#options.ledger.release(lease, this.#nowMs);
    else node.sessions.set(sid, { sid, clientId, sinceMs: this.#nowMs, state: "pending" });
  }

  #connect(node: WorldNode, pick: number): void {
    const pending = [...node.sessions.values()].filter(({ state }) => state === "pending");
    const held = pickFrom(pending, pick);
    if (held === undefined) return;
    held.state = "live";
    node.reports.push({ kind: "connected", ref: refOf(node, held), atMs: this.#nowMs });
  }

  #hangUp(node: WorldNode, held: Held | undefined): void {
    if (held === undefined) return;
    node.sessions.delete(held.sid);
    node.reports.push({ kind: "ended", ref: refOf(node, held), atMs: this.#nowMs });
  }

  #report(node: WorldNode, acknowledgementLost: boolean): void {
    if (!node.linked) return;
    for (const { kind, ref } of node.reports) {
      const current = { ...ref, epoch: node.epoch };
      if (kind === "ended") this.#options.ledger.release(current, this.#nowMs);
      else if (this.#options.ledger.connected(current) !== "done") this.#command(node, current);
    }
    if (!acknowledgementLost) node.reports = [];
  }

  #command(node: WorldNode, lease: LeaseRef): void {
    node.commands.push({ kind: "end", lease, deadlineMs: this.#nowMs + COMMAND_DEADLINE_MS, tried: [] });
  }

  #unlink(node: WorldNode): void {
    if (!node.linked) return;
    node.linked = false;
    this.#judge(node, "suspect");
  }

  #crash(node: WorldNode): void {
    node.running = false;
    node.sessions.clear();
    node.reports = [];
    node.commands = [];
    this.#unlink(node);
  }

  #restart(node: WorldNode): void {
    node.running = true;
    this.#hello(node, node.epoch + 1);
  }

  #hello(node: WorldNode, epoch: number): void {
    const { ledger, limit } = this.#options;
    node.epoch = epoch;
    node.revision += 1;
    const load = { sessions: node.sessions.size, capacity: node.capacity + 1, cpu: 0, ready: true };
    const { revision } = node;
    const sessions = [...node.sessions.values()];
    const arrival = { nodeId: node.id, epoch, revision, build: 1, concurrencyLimit: limit, load, sessions };
    const result = ledger.nodeUp(arrival, this.#nowMs);
    if (result === null) throw new Error(`${node.id} was refused`);
    for (const sid of result.end) node.sessions.delete(sid);
    node.linked = true;
    node.state = "up";
    node.changedMs = this.#nowMs;
  }

  #judge(node: WorldNode, state: NodeState): Lease[] {
    if (node.state === "lost") return [];
    node.revision += 1;
    node.state = state;
    node.changedMs = this.#nowMs;
    const { id: nodeId, epoch, revision } = node;
    return this.#options.ledger.nodeChanged({ nodeId, epoch, revision, state }, this.#nowMs);
  }

  /** News that come late: of an old run, or of a state long past. */
  #stale(node: WorldNode, pick: number): void {
    const held = pickFrom([...node.sessions.values()], pick);
    const revision = node.revision - 1;
    this.#options.ledger.nodeChanged({ nodeId: node.id, epoch: node.epoch, revision, state: "lost" }, this.#nowMs);
    if (held !== undefined) this.#options.ledger.release({ ...refOf(node, held), epoch: node.epoch - 1 }, this.#nowMs);
  }

  /** Time passes in small steps, so that who acts at a moment acts before who acts after it. */
  #wait(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.#nowMs < untilMs) {
      this.#nowMs = Math.min(untilMs, this.#nowMs + 250);
      for (const node of this.#nodes) this.#pass(node);
    }
  }

  #pass(node: WorldNode): void {
    const awayMs = node.linked ? 0 : this.#nowMs - node.changedMs;
    // The node's own rules: a session connects in time or ends; a node that lost its edge ends all of them.
    for (const held of [...node.sessions.values()]) {
      const late = held.state === "pending" && this.#nowMs - held.sinceMs >= CONNECT_TIMEOUT_MS;
      if (late || awayMs >= NODE_FENCE_MS) this.#hangUp(node, held);
    }
    // A node that runs and is cut off gets the long time; one that is gone closed its socket for good.
    if (awayMs >= (node.running ? NODE_LOST_MS : NODE_REDIAL_GRACE_MS)) this.#judge(node, "lost");
    this.#timeOut(node);
    if (node.reports.some(({ atMs }) => atMs + MAX_REPORT_DELAY_MS <= this.#nowMs)) this.#report(node, false);
  }

  /**
   * Commands past their deadline: the edge gives up on them. The node takes an offer all the same if it is on its socket,
   * and its end right behind it; a node that reads nothing for much longer would be suspect.
   */
  #timeOut(node: WorldNode): void {
    const late = node.commands.filter(({ deadlineMs }) => deadlineMs <= this.#nowMs);
    if (late.length === 0) return;
    if (!node.linked) {
      node.commands = node.commands.filter(({ deadlineMs }) => deadlineMs > this.#nowMs);
      return;
    }
    for (const { kind, lease } of late) {
      const ended = node.commands.some((command) => command.kind === "end" && command.lease.sid === lease.sid);
      if (kind === "offer" && !ended) this.#command(node, lease);
    }
    while (node.commands.length > 0) this.#deliver(node, 0);
  }

  #node(id: string): WorldNode {
    const node = this.#nodes.find((candidate) => candidate.id === id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }
}

function refOf(node: WorldNode, { sid, clientId }: Held): LeaseRef {
  return { sid, clientId, nodeId: node.id, epoch: node.epoch };
}

function pickFrom<T>(from: readonly T[], pick: number): T | undefined {
  return from[pick % Math.max(1, from.length)];
}
