/**
 * A world of media nodes and callers around a ledger, in virtual time, for property tests: nodes that take sessions, lose
 * them, lose their link, crash and come back; callers that wait in line; and an edge that places, commands and judges as
 * the objects do, and may die between any two of its awaits. The nodes' own lists are the truth that the ledger is held
 * against.
 */
import { ticketOf } from "../../shared/ids.ts";
import { NODE_SUSPECT_MS } from "../../shared/link.ts";
import { CONNECT_TIMEOUT_MS } from "../../shared/session.ts";
import { COMMAND_DEADLINE_MS, PENDING_LEASE_MS } from "../deadlines.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { TICKET_HOLD_MS } from "../ledger/queue.ts";
import { text } from "../ledger/sql-port.ts";
import type { Admission, Lease, LeaseRef, NodeState } from "../ledger/types.ts";
import {
  type Call,
  CLOSED,
  type Held,
  MAX_REPORT_DELAY_MS,
  type OfferAnswer,
  type Patience,
  pickFrom,
  SILENT,
  type Step,
  ticketRows,
  type WorldNode,
  type WorldOptions,
} from "./ledger-world-parts.ts";
import { QueueReference } from "./queue-reference.ts";

export class LedgerWorld {
  readonly #options: WorldOptions;
  readonly #nodes: WorldNode[];
  readonly #reference: QueueReference;
  readonly #calls: Call[] = [];
  /** What callers hold, by client id. */
  readonly #tickets = new Map<string, string>();
  #ledger: Ledger;
  #limit: number;
  /** Slots that may be in use: the limit, or what was in use when it was lowered. */
  #ceiling: number;
  #nowMs = 1_000_000;
  #sids = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#ledger = options.store.open();
    this.#limit = options.limit;
    this.#ceiling = options.limit;
    this.#reference = new QueueReference({ ttlMs: options.queue?.ticketTtlMs ?? 0, holdMs: TICKET_HOLD_MS });
    this.#nodes = Array.from({ length: options.nodes }, (_, index) => ({
      id: `n${index}`,
      capacity: options.capacity,
      epoch: 0,
      revision: 0,
      state: "lost",
      running: true,
      linked: false,
      goneMs: this.#nowMs,
      patience: SILENT,
      sessions: new Map(),
      answered: new Map(),
      reports: [],
      commands: [],
    }));
    for (const node of this.#nodes) this.#hello(node, 1);
  }

  /** Sessions that nodes hold: what the limit is about. */
  alive(): string[] {
    return this.#nodes.flatMap((node) => [...node.sessions.keys()]).sort();
  }

  /** One step, after which everything is checked. @throws if anything is not as it must be. */
  run(step: Step, pick: number): void {
    this.#run(step, pick);
    this.check();
  }

  check(): void {
    const { sql } = this.#options.store;
    const tickets = ticketRows(sql);
    this.#reference.observe(tickets, this.#nowMs);
    const called = tickets.filter((ticket) => ticket.called).length;
    const leases = new Set(sql.rows("SELECT sid FROM leases").map((row) => text(row, "sid")));
    const taken = leases.size + called;
    this.#ceiling = Math.max(this.#limit, Math.min(this.#ceiling, taken));
    if (taken > this.#ceiling) throw new Error(`${taken} slots are taken or held, ${this.#ceiling} are there`);
    const alive = this.alive();
    if (alive.length > this.#ceiling) throw new Error(`${alive.length} sessions live, ${this.#ceiling} may`);
    const outlaw = alive.find((sid) => !leases.has(sid));
    if (outlaw !== undefined) throw new Error(`${outlaw} lives, and its slot is free`);
  }

  #run(step: Step, pick: number): void {
    const node = this.#nodes[pick % this.#nodes.length];
    if (node === undefined) return;
    switch (step) {
      case "offer":
        this.#offer(this.#client(pick), pick);
        break;
      case "dispatch":
        this.#dispatch(pickFrom(this.#calls, pick));
        break;
      case "edge_dies":
        this.#drop(pickFrom(this.#calls, pick));
        break;
      case "edge_gives_up":
        this.#giveUp(pickFrom(this.#calls, pick));
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
      case "time_up":
        this.#timeUp(node, pick);
        break;
      case "report":
        this.#report(node, false);
        break;
      case "report_twice":
        this.#report(node, true);
        break;
      case "load":
        this.#load(node, pick);
        break;
      case "unlink":
        this.#unlink(node);
        break;
      case "cut":
        if (node.linked) this.#part(node, SILENT);
        break;
      case "reset":
        this.#reset(node, pick);
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
      case "evict":
        this.#ledger = this.#options.store.open();
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
        this.#stale(node, pick);
        break;
      case "ask":
        this.#ask(this.#client(pick));
        break;
      case "leave":
        this.#leave(this.#client(pick));
        break;
      case "telephone":
        this.#telephone(this.#client(pick));
        break;
    }
  }

  /**
   * Lets everything come to rest: who is down stays down, the rest is linked, nothing is on its way, nobody waits any more.
   * @throws if a slot has leaked, or a ticket.
   */
  settle(): void {
    for (const node of this.#nodes) if (node.running && !node.linked) this.#hello(node, node.epoch);
    while (this.#calls.length > 0) this.#dispatch(this.#calls[0]);
    for (let round = 0; round < 4; round += 1) {
      for (const node of this.#nodes) {
        while (node.linked && node.commands.length > 0) this.#deliver(node, 0);
        this.#report(node, false);
      }
      this.#alarm();
      this.check();
      this.#wait(PENDING_LEASE_MS / 2);
    }
    for (const node of this.#nodes) this.#report(node, false);
    // One held slot after the other lapses: what is left of the line is called and does not come.
    while (this.#alarm()) this.#wait(TICKET_HOLD_MS);
    this.check();
    const { sql } = this.#options.store;
    const leases = sql.rows("SELECT sid FROM leases ORDER BY sid").map((row) => String(row["sid"]));
    const alive = this.alive();
    if (leases.join() !== alive.join()) throw new Error(`leases of [${leases}], alive are [${alive}]`);
    this.#checkLine();
  }

  /** Nobody is left in line, but where no slot has been free for them since. */
  #checkLine(): void {
    const waiting = ticketRows(this.#options.store.sql).length;
    const room = this.#nodes.some((node) => node.linked && node.sessions.size < node.capacity);
    if (waiting > 0 && room && this.alive().length < this.#limit) throw new Error(`${waiting} wait for free slots`);
  }

  /** The alarm: it may come early, late or twice. @returns whether another is due. */
  #alarm(): boolean {
    this.#ledger.expire(this.#nowMs);
    this.#ledger.expire(this.#nowMs);
    return this.#ledger.nextExpiryMs() !== null;
  }

  #client(pick: number): string {
    return `c${pick % (2 * this.#options.limit + 3)}`;
  }

  #offer(clientId: string, pick: number): void {
    this.#sids += 1;
    const sid = `s_${this.#sids}`;
    // One caller in six comes over a WebSocket and says who it is only when it is connected.
    if (pick % 6 === 1) {
      this.#admit(sid, sid, undefined);
      return;
    }
    // One caller in eight has forgotten its ticket.
    const ticket = pick % 8 === 3 ? undefined : this.#tickets.get(clientId);
    this.#admit(sid, clientId, ticket);
  }

  #admit(sid: string, clientId: string, ticket: string | undefined): void {
    const before = this.#ledger.find(clientId);
    const admission = this.#ledger.admit({ sid, clientId, ticket, nowMs: this.#nowMs });
    if (!admission.ok) {
      if (before?.sid === sid) throw new Error(`the lease of ${sid} changed by asking again`);
      this.#refused(clientId, admission);
      return;
    }
    const { nodeId, epoch } = admission;
    const lease = { sid, clientId, nodeId, epoch };
    const again = admission.again === true;
    if (again !== (before?.sid === sid) || (again && (before?.nodeId !== nodeId || before?.epoch !== epoch))) {
      throw new Error(`the lease of ${sid} changed by asking again`);
    }
    if (!again) {
      // Who was called just now has a slot, too.
      this.#reference.admitted(ticket, ticketRows(this.#options.store.sql), this.#nowMs);
    }
    this.#calls.push({ lease, again, ticket, tried: [], deadlineMs: this.#nowMs + COMMAND_DEADLINE_MS });
  }

  #refused(clientId: string, { queued }: Admission & { ok: false }): void {
    if (queued === undefined) return;
    this.#reference.asked(queued.ticket, this.#nowMs);
    this.#tickets.set(clientId, queued.ticket);
  }

  /** A call's object died between two awaits, and its Worker did not repeat it. */
  #drop(call: Call | undefined): void {
    if (call !== undefined) this.#calls.splice(this.#calls.indexOf(call), 1);
  }

  /** A call failed before its node heard of it. */
  #giveUp(call: Call | undefined): void {
    if (call === undefined) return;
    this.#drop(call);
    const commands = this.#nodes.flatMap((node) => node.commands);
    const sent = commands.some(({ lease }) => lease.sid === call.lease.sid);
    const answered = this.#nodes.some((node) => node.answered.has(call.lease.sid));
    if (!sent && !answered) this.#ledger.release(call.lease, this.#nowMs);
  }

  /** The Worker repeats an offer whose object was reset: the ledger must give what it gave. */
  #repeat(pick: number): void {
    const offers = this.#nodes.flatMap((node) => node.commands).filter(({ kind }) => kind === "offer");
    const call = pickFrom([...this.#calls, ...offers], pick);
    if (call === undefined || call.deadlineMs <= this.#nowMs) return;
    const { sid, clientId } = call.lease;
    // An object that was reset does nothing any more; what it sent is on its way.
    for (const dead of this.#calls.filter(({ lease }) => lease.sid === sid)) this.#drop(dead);
    // An object that remembers how the session ended refuses; after an eviction it is a new session.
    if (this.#ledger.find(clientId)?.sid === sid) this.#admit(sid, clientId, call.ticket);
  }

  /** The edge takes a call to its node. */
  #dispatch(call: Call | undefined): void {
    if (call === undefined) return;
    this.#drop(call);
    const { lease, tried, deadlineMs, ticket } = call;
    if (deadlineMs <= this.#nowMs) return;
    const node = this.#node(lease.nodeId);
    // The MediaNode object sends a command once, however often it is asked to.
    if (node.commands.some((command) => command.kind === "offer" && command.lease.sid === lease.sid)) return;
    // It takes no offer for a node that is away, or for another run of it.
    const away = !node.linked && node.state !== "up";
    if (!away && node.epoch === lease.epoch) node.commands.push({ kind: "offer", lease, ticket, deadlineMs, tried });
    else if (!call.again) this.#elsewhere({ ...call, tried: [...tried, lease.nodeId] });
  }

  #elsewhere(call: Call): void {
    const { sid, clientId } = call.lease;
    const request = { sid, clientId, ticket: call.ticket, tried: call.tried, nowMs: this.#nowMs };
    const admission = this.#ledger.placeElsewhere(request);
    const { nodeId, epoch } = admission.ok ? admission : call.lease;
    if (admission.ok) this.#calls.push({ ...call, again: false, lease: { sid, clientId, nodeId, epoch } });
    else this.#refused(clientId, admission);
    // Repeated, because its answer was lost.
    this.#ledger.placeElsewhere(request);
  }

  #ask(clientId: string): void {
    const ticket = this.#tickets.get(clientId);
    if (ticket === undefined) return;
    const status = this.#ledger.ticket(ticket, this.#nowMs);
    if (status === null) this.#tickets.delete(clientId);
    else if (status.state === "waiting") this.#reference.asked(ticket, this.#nowMs);
  }

  #leave(clientId: string): void {
    const ticket = this.#tickets.get(clientId);
    if (ticket === undefined) return;
    this.#reference.done(ticket);
    this.#tickets.delete(clientId);
    this.#ledger.leave(ticket, this.#nowMs);
    if (this.#ledger.leave(ticket, this.#nowMs)) throw new Error(`${ticket} was given up twice`);
  }

  /** A caller who cannot be refused first: told that there is a slot, it comes at once. */
  #telephone(clientId: string): void {
    if (this.#tickets.has(clientId)) return;
    this.#sids += 1;
    const sid = `s_${this.#sids}`;
    const leases = () => this.#options.store.sql.rows("SELECT sid FROM leases").length;
    const wait = this.#ledger.wait(sid, this.#nowMs);
    const before = leases();
    const again = this.#ledger.wait(sid, this.#nowMs);
    if (JSON.stringify(again) !== JSON.stringify(wait)) throw new Error(`${sid} waits otherwise when it asks again`);
    if (leases() !== before) throw new Error(`${sid} waits, and the leases change`);
    if (wait.state === "waiting") {
      this.#reference.asked(wait.ticket, this.#nowMs);
      this.#tickets.set(clientId, wait.ticket);
    }
    if (wait.state !== "free") return;
    this.#admit(sid, sid, undefined);
    if (this.#ledger.find(sid) === null) throw new Error(`${sid} was told of a slot that it does not get`);
  }

  #setLimit(pick: number): void {
    this.#limit = 1 + (pick % (this.#options.limit + 1));
    this.#ledger.setLimit(this.#limit, this.#nowMs);
  }

  /** A report of a node's load, that may be out of date. */
  #load(node: WorldNode, pick: number): void {
    const sessions = pick % 3 === 0 ? pick % (node.capacity + 1) : node.sessions.size;
    const load = { sessions, capacity: node.capacity + 1, cpu: (pick % 10) / 10, ready: pick % 16 !== 5 };
    this.#ledger.nodeLoad({ nodeId: node.id, epoch: node.epoch, load }, this.#nowMs);
  }

  #timeUp(node: WorldNode, pick: number): void {
    const held = pickFrom(
      [...node.sessions.values()].filter(({ state }) => state === "live"),
      pick,
    );
    if (held === undefined) return;
    this.#hangUp(node, held, "time_up");
    if (this.#options.queue?.rejoin === true) this.#tickets.set(held.clientId, ticketOf(held.sid));
  }

  /** The node takes its next command; its reply has its effect at once. */
  #deliver(node: WorldNode, pick: number): void {
    if (!node.linked) return;
    const command = node.commands.shift();
    if (command === undefined) return;
    const { lease } = command;
    if (command.kind === "end") {
      this.#hangUp(node, node.sessions.get(lease.sid));
      this.#ledger.release(lease, this.#nowMs);
      return;
    }
    const answer = this.#answer(node, lease, pick);
    if (answer === "full") this.#elsewhere({ ...command, again: false, tried: [...command.tried, node.id] });
    if (answer === "unusable") this.#ledger.release(lease, this.#nowMs);
  }

  /** What the node makes of an offer. Again, it says the same. */
  #answer(node: WorldNode, { sid, clientId }: LeaseRef, pick: number): OfferAnswer {
    const before = node.answered.get(sid);
    if (before !== undefined) return before;
    // One offer in eight is one the node cannot use.
    const unusable = pick % 8 === 7 ? "unusable" : "taken";
    const answer = node.sessions.size >= node.capacity ? "full" : unusable;
    node.answered.set(sid, answer);
    if (answer === "taken") node.sessions.set(sid, { sid, clientId, sinceMs: this.#nowMs, state: "pending" });
    return answer;
  }

  #connect(node: WorldNode, pick: number): void {
    const pending = [...node.sessions.values()].filter(({ state }) => state === "pending");
    const held = pickFrom(pending, pick);
    if (held === undefined) return;
    held.state = "live";
    // It may be another's, who is there already.
    if (held.clientId === held.sid) held.clientId = this.#client(pick);
    node.reports.push({ kind: "connected", ref: refOf(node, held), atMs: this.#nowMs });
  }

  #hangUp(node: WorldNode, held: Held | undefined, kind: "ended" | "time_up" = "ended"): void {
    if (held === undefined) return;
    node.sessions.delete(held.sid);
    node.reports.push({ kind, ref: refOf(node, held), atMs: this.#nowMs });
  }

  #report(node: WorldNode, acknowledgementLost: boolean): void {
    if (!node.linked) return;
    for (const { kind, ref } of node.reports) {
      const current = { ...ref, epoch: node.epoch };
      if (kind !== "connected") this.#ledger.release(current, this.#nowMs, { timeUp: kind === "time_up" });
      else if (this.#ledger.connected(current) !== "done") this.#command(node, current);
    }
    if (!acknowledgementLost) node.reports = [];
  }

  #command(node: WorldNode, lease: LeaseRef): void {
    node.commands.push({
      kind: "end",
      lease,
      ticket: undefined,
      deadlineMs: this.#nowMs + COMMAND_DEADLINE_MS,
      tried: [],
    });
  }

  /** The MediaNode object is reset: its socket closes, what was on it may have reached the node or not. */
  #reset(node: WorldNode, pick: number): void {
    if (!node.linked) return;
    this.#part(node, SILENT);
    const arrived = pick % 2 === 0 ? node.commands : [];
    for (const { kind, lease } of arrived) {
      if (kind === "offer") this.#answer(node, lease, pick);
      else node.sessions.delete(lease.sid);
    }
    // Who asked for a command asks again, or is gone as well.
    if (pick % 3 === 0) node.commands = [];
  }

  #unlink(node: WorldNode): void {
    if (!node.linked) return;
    this.#part(node, CLOSED);
    this.#judge(node, "suspect");
  }

  #part(node: WorldNode, patience: Patience): void {
    node.linked = false;
    node.goneMs = this.#nowMs;
    node.patience = patience;
  }

  #crash(node: WorldNode): void {
    node.running = false;
    node.sessions.clear();
    node.answered.clear();
    node.reports = [];
    node.commands = [];
    this.#unlink(node);
  }

  #restart(node: WorldNode): void {
    node.running = true;
    // What waited for the old run is not for this one.
    node.commands = [];
    this.#hello(node, node.epoch + 1);
  }

  #hello(node: WorldNode, epoch: number): void {
    const { limit, queue } = this.#options;
    node.epoch = epoch;
    node.revision += 1;
    const load = { sessions: node.sessions.size, capacity: node.capacity + 1, cpu: 0, ready: true };
    const { revision } = node;
    const sessions = [...node.sessions.values()];
    const arrival = { nodeId: node.id, epoch, revision, build: 1, concurrencyLimit: limit, queue, load, sessions };
    const result = this.#ledger.nodeUp(arrival, this.#nowMs);
    // Repeated, because its answer was lost.
    this.#ledger.nodeUp(arrival, this.#nowMs);
    if (result === null) throw new Error(`${node.id} was refused`);
    for (const sid of result.end) node.sessions.delete(sid);
    node.linked = true;
    node.state = "up";
  }

  #judge(node: WorldNode, state: NodeState): Lease[] {
    if (node.state === "lost") return [];
    node.revision += 1;
    node.state = state;
    // The object gives up on what it has not sent, or has had no answer to.
    if (state === "lost") node.commands = [];
    const { id: nodeId, epoch, revision } = node;
    return this.#ledger.nodeChanged({ nodeId, epoch, revision, state }, this.#nowMs);
  }

  /** News that come late: of an old run, or of a state long past. */
  #stale(node: WorldNode, pick: number): void {
    const held = pickFrom([...node.sessions.values()], pick);
    const revision = node.revision - 1;
    this.#ledger.nodeChanged({ nodeId: node.id, epoch: node.epoch, revision, state: "lost" }, this.#nowMs);
    if (held !== undefined) this.#ledger.release({ ...refOf(node, held), epoch: node.epoch - 1 }, this.#nowMs);
  }

  /** Time passes in small steps, so that who acts at a moment acts before who acts after it. */
  #wait(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.#nowMs < untilMs) {
      this.#nowMs = Math.min(untilMs, this.#nowMs + 250);
      for (const node of this.#nodes) this.#pass(node);
      this.check();
    }
  }

  #pass(node: WorldNode): void {
    const awayMs = node.linked ? 0 : this.#nowMs - node.goneMs;
    // The node's own rules: a session connects in time or ends; a node that lost its edge ends all of them.
    for (const held of [...node.sessions.values()]) {
      const late = held.state === "pending" && this.#nowMs - held.sinceMs >= CONNECT_TIMEOUT_MS;
      if (late || awayMs >= node.patience.nodeMs) this.#hangUp(node, held);
    }
    if (awayMs >= NODE_SUSPECT_MS && node.state === "up") this.#judge(node, "suspect");
    if (awayMs >= node.patience.edgeMs) this.#judge(node, "lost");
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
    while (node.linked && node.commands.length > 0) this.#deliver(node, 0);
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
