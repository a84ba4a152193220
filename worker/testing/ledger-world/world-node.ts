/**
 * A media node in the ledger's world, with the MediaNode object before it: takes and ends sessions, reports them, loses
 * its link, crashes and comes back. What its `sessions` are is the truth that the ledger is held against.
 */
import { NODE_FENCE_MS, NODE_LOST_MS, NODE_REDIAL_GRACE_MS, NODE_SUSPECT_MS } from "../../../shared/link.ts";
import { CONNECT_TIMEOUT_MS } from "../../../shared/session.ts";
import { COMMAND_DEADLINE_MS } from "../../deadlines.ts";
import type { LeaseRef, NodeState, QueueRules } from "../../ledger/types.ts";
import { pickFrom, type Scene } from "./scene.ts";

interface Held {
  readonly sid: string;
  /** The sid until the client has said who it is: over a WebSocket that comes with `connected`. */
  clientId: string;
  readonly sinceMs: number;
  state: "pending" | "live";
}

/** An offer that has a lease. */
export interface Offer {
  readonly lease: LeaseRef;
  readonly ticket: string | undefined;
  /** Nodes that did not take it. */
  readonly tried: readonly string[];
  readonly deadlineMs: number;
}

type Command =
  | ({ readonly kind: "offer" } & Offer)
  | { readonly kind: "end"; readonly lease: LeaseRef; readonly deadlineMs: number };

interface Report {
  readonly kind: "connected" | "ended" | "time_up";
  readonly ref: LeaseRef;
  readonly atMs: number;
}

/** A report on an open link is there within this; where nothing gets through for longer, the node is suspect. */
const MAX_REPORT_DELAY_MS = 4_000;

/** How long both sides bear to be apart: the node until it ends its sessions, the edge until it frees their slots. */
interface Patience {
  readonly nodeMs: number;
  readonly edgeMs: number;
}

/** The edge saw the socket close; the node knows that it may have, and gives up in time (decision 0042). */
const CLOSED: Patience = { nodeMs: 4_000, edgeMs: NODE_REDIAL_GRACE_MS };
/** Nothing gets through, or the edge's object was away when the socket closed. */
const SILENT: Patience = { nodeMs: NODE_FENCE_MS, edgeMs: NODE_LOST_MS };

type Answer = "taken" | "full" | "unusable";

export interface WorldNodeOptions {
  readonly id: string;
  readonly scene: Scene;
  /** Sessions it takes. It tells the edge that it takes one more. */
  readonly capacity: number;
  readonly concurrencyLimit: number;
  readonly queue: QueueRules | null;
  /** It is full: the offer goes elsewhere. */
  readonly onFull: (offer: Offer) => void;
}

export class WorldNode {
  readonly id: string;
  readonly #options: WorldNodeOptions;
  readonly #scene: Scene;
  #epoch = 0;
  #revision = 0;
  /** What the edge thinks of it. */
  #state: NodeState = "lost";
  #running = true;
  #linked = false;
  /** When its link was cut, while it is, and how. */
  #goneMs: number;
  #patience = SILENT;
  readonly #sessions = new Map<string, Held>();
  /** What this run has answered to offers: it answers them the same way again. */
  readonly #answered = new Map<string, Answer>();
  /** Reports not acknowledged yet, in order. */
  #reports: Report[] = [];
  /** Commands on their way to it, in order. */
  #commands: Command[] = [];

  constructor(options: WorldNodeOptions) {
    this.#options = options;
    this.#scene = options.scene;
    this.id = options.id;
    this.#goneMs = this.#scene.nowMs;
    this.#hello(1);
  }

  get sids(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  /** Whether it is there, and would take a session. */
  get hasRoom(): boolean {
    return this.#linked && this.#sessions.size < this.#options.capacity;
  }

  /** Offers on their way to it. */
  get offers(): readonly Offer[] {
    return this.#commands.filter((command) => command.kind === "offer");
  }

  /** Whether it knows of a session, or will. */
  hasHeardOf(sid: string): boolean {
    return this.#answered.has(sid) || this.#commands.some(({ lease }) => lease.sid === sid);
  }

  /** The edge hands it an offer. @returns false if its object takes none: it is away, or another run of it. */
  offer(offer: Offer): boolean {
    // The MediaNode object sends a command once, however often it is asked to.
    if (this.offers.some(({ lease }) => lease.sid === offer.lease.sid)) return true;
    const away = !this.#linked && this.#state !== "up";
    if (away || this.#epoch !== offer.lease.epoch) return false;
    this.#commands.push({ ...offer, kind: "offer" });
    return true;
  }

  /** It takes its next command; its reply has its effect at once. */
  deliver(pick: number): void {
    if (!this.#linked) return;
    const command = this.#commands.shift();
    if (command === undefined) return;
    const { ledger, nowMs } = this.#scene;
    const { lease } = command;
    if (command.kind === "end") {
      this.#end(this.#sessions.get(lease.sid), "ended");
      ledger.release(lease, nowMs);
      return;
    }
    const answer = this.#answer(lease, pick);
    if (answer === "full") this.#options.onFull(command);
    if (answer === "unusable") ledger.release(lease, nowMs);
  }

  deliverAll(): void {
    while (this.#linked && this.#commands.length > 0) this.deliver(0);
  }

  /** One of its sessions connects, whose client says then who it is. */
  connect(pick: number, clientId: string): void {
    const pending = [...this.#sessions.values()].filter(({ state }) => state === "pending");
    const held = pickFrom(pending, pick);
    if (held === undefined) return;
    held.state = "live";
    // It may be another's, who is there already.
    if (held.clientId === held.sid) held.clientId = clientId;
    this.#reports.push({ kind: "connected", ref: this.#refOf(held), atMs: this.#scene.nowMs });
  }

  hangUp(pick: number): void {
    this.#end(pickFrom([...this.#sessions.values()], pick), "ended");
  }

  /** The time of one of its sessions is up. @returns whose, if there is one. */
  timeUp(pick: number): { readonly sid: string; readonly clientId: string } | undefined {
    const live = [...this.#sessions.values()].filter(({ state }) => state === "live");
    const held = pickFrom(live, pick);
    this.#end(held, "time_up");
    return held;
  }

  report(acknowledgement: "arrives" | "is_lost"): void {
    if (!this.#linked) return;
    const { ledger, nowMs } = this.#scene;
    for (const { kind, ref } of this.#reports) {
      const current = { ...ref, epoch: this.#epoch };
      if (kind !== "connected") ledger.release(current, nowMs, { timeUp: kind === "time_up" });
      else if (ledger.connected(current) !== "done") this.#commandEnd(current);
    }
    if (acknowledgement === "arrives") this.#reports = [];
  }

  /** A report of its load, that may be out of date. */
  reportLoad(pick: number): void {
    const { capacity } = this.#options;
    const sessions = pick % 3 === 0 ? pick % (capacity + 1) : this.#sessions.size;
    const load = { sessions, capacity: capacity + 1, cpu: (pick % 10) / 10, ready: pick % 16 !== 5 };
    this.#scene.ledger.nodeLoad({ nodeId: this.id, epoch: this.#epoch, load }, this.#scene.nowMs);
  }

  /** News of it that come late: of an old run, or of a state long past. */
  reportLate(pick: number): void {
    const { ledger, nowMs } = this.#scene;
    const held = pickFrom([...this.#sessions.values()], pick);
    const revision = this.#revision - 1;
    ledger.nodeChanged({ nodeId: this.id, epoch: this.#epoch, revision, state: "lost" }, nowMs);
    if (held !== undefined) ledger.release({ ...this.#refOf(held), epoch: this.#epoch - 1 }, nowMs);
  }

  /** Its link closes, and the edge sees it. */
  unlink(): void {
    if (!this.#linked) return;
    this.#part(CLOSED);
    this.#judge("suspect");
  }

  /** Nothing gets through any more, and nobody is told. */
  cut(): void {
    if (this.#linked) this.#part(SILENT);
  }

  /** Its object is reset: its socket closes, what was on it may have reached the node or not. */
  reset(pick: number): void {
    if (!this.#linked) return;
    this.#part(SILENT);
    const arrived = pick % 2 === 0 ? this.#commands : [];
    for (const { kind, lease } of arrived) {
      if (kind === "offer") this.#answer(lease, pick);
      else this.#sessions.delete(lease.sid);
    }
    // Who asked for a command asks again, or is gone as well.
    if (pick % 3 === 0) this.#commands = [];
  }

  redial(): void {
    if (this.#running && !this.#linked) this.#hello(this.#epoch);
  }

  crash(): void {
    this.#running = false;
    this.#sessions.clear();
    this.#answered.clear();
    this.#reports = [];
    this.#commands = [];
    this.unlink();
  }

  restart(): void {
    if (this.#running) return;
    this.#running = true;
    // What waited for the old run is not for this one.
    this.#commands = [];
    this.#hello(this.#epoch + 1);
  }

  /** Time has passed: whoever is late by now, here or at the edge, does what is due. */
  pass(): void {
    const { nowMs } = this.#scene;
    const awayMs = this.#linked ? 0 : nowMs - this.#goneMs;
    // The node's own rules: a session connects in time or ends; a node that lost its edge ends all of them.
    for (const held of [...this.#sessions.values()]) {
      const late = held.state === "pending" && nowMs - held.sinceMs >= CONNECT_TIMEOUT_MS;
      if (late || awayMs >= this.#patience.nodeMs) this.#end(held, "ended");
    }
    if (awayMs >= NODE_SUSPECT_MS && this.#state === "up") this.#judge("suspect");
    if (awayMs >= this.#patience.edgeMs) this.#judge("lost");
    this.#giveUpLateCommands();
    if (this.#reports.some(({ atMs }) => atMs + MAX_REPORT_DELAY_MS <= nowMs)) this.report("arrives");
  }

  /**
   * The edge gives up on commands past their deadline. The node takes an offer all the same if it is on its socket, and
   * its end right behind it; a node that reads nothing for much longer would be suspect.
   */
  #giveUpLateCommands(): void {
    const { nowMs } = this.#scene;
    const late = this.#commands.filter(({ deadlineMs }) => deadlineMs <= nowMs);
    if (late.length === 0) return;
    if (!this.#linked) {
      this.#commands = this.#commands.filter(({ deadlineMs }) => deadlineMs > nowMs);
      return;
    }
    for (const { kind, lease } of late) {
      const ended = this.#commands.some((command) => command.kind === "end" && command.lease.sid === lease.sid);
      if (kind === "offer" && !ended) this.#commandEnd(lease);
    }
    this.deliverAll();
  }

  #commandEnd(lease: LeaseRef): void {
    this.#commands.push({ kind: "end", lease, deadlineMs: this.#scene.nowMs + COMMAND_DEADLINE_MS });
  }

  /** What it makes of an offer. Again, it says the same. */
  #answer({ sid, clientId }: LeaseRef, pick: number): Answer {
    const before = this.#answered.get(sid);
    if (before !== undefined) return before;
    // One offer in eight is one the node cannot use.
    const unusable = pick % 8 === 7 ? "unusable" : "taken";
    const answer = this.#sessions.size >= this.#options.capacity ? "full" : unusable;
    this.#answered.set(sid, answer);
    if (answer === "taken") this.#sessions.set(sid, { sid, clientId, sinceMs: this.#scene.nowMs, state: "pending" });
    return answer;
  }

  #end(held: Held | undefined, kind: "ended" | "time_up"): void {
    if (held === undefined) return;
    this.#sessions.delete(held.sid);
    this.#reports.push({ kind, ref: this.#refOf(held), atMs: this.#scene.nowMs });
  }

  #hello(epoch: number): void {
    const { ledger, nowMs } = this.#scene;
    const { id: nodeId, capacity, concurrencyLimit, queue } = this.#options;
    this.#epoch = epoch;
    this.#revision += 1;
    const load = { sessions: this.#sessions.size, capacity: capacity + 1, cpu: 0, ready: true };
    const sessions = [...this.#sessions.values()];
    const arrival = { nodeId, epoch, revision: this.#revision, build: 1, concurrencyLimit, queue, load, sessions };
    const result = ledger.nodeUp(arrival, nowMs);
    // Repeated, because its answer was lost.
    ledger.nodeUp(arrival, nowMs);
    if (result === null) throw new Error(`${nodeId} was refused`);
    for (const sid of result.end) this.#sessions.delete(sid);
    this.#linked = true;
    this.#state = "up";
  }

  #part(patience: Patience): void {
    this.#linked = false;
    this.#goneMs = this.#scene.nowMs;
    this.#patience = patience;
  }

  #judge(state: NodeState): void {
    if (this.#state === "lost") return;
    this.#revision += 1;
    this.#state = state;
    // The object gives up on what it has not sent, or has had no answer to.
    if (state === "lost") this.#commands = [];
    const news = { nodeId: this.id, epoch: this.#epoch, revision: this.#revision, state };
    this.#scene.ledger.nodeChanged(news, this.#scene.nowMs);
  }

  #refOf({ sid, clientId }: Held): LeaseRef {
    return { sid, clientId, nodeId: this.id, epoch: this.#epoch };
  }
}
