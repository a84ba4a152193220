/**
 * The callers of the ledger's world, and what of the edge is theirs: offers that are admitted, taken to their nodes,
 * repeated, sent elsewhere or dropped between any two awaits, and the tickets of those who wait in line.
 */
import { ticketOf } from "../../../shared/ids.ts";
import { COMMAND_DEADLINE_MS } from "../../deadlines.ts";
import type { Admission } from "../../ledger/types.ts";
import type { QueueReference } from "./queue-reference.ts";
import { leasedSids, pickFrom, type Scene, ticketRows, type WorldOptions } from "./scene.ts";
import type { Offer, WorldNode } from "./world-node.ts";

/** An offer on its way through the edge: it has a lease, and its node has not been asked yet. */
interface Call extends Offer {
  /** The Worker repeats it: its node may have had it before. */
  readonly again: boolean;
}

export class Callers {
  readonly #scene: Scene;
  readonly #options: WorldOptions;
  readonly #nodes: readonly WorldNode[];
  readonly #reference: QueueReference;
  readonly #calls: Call[] = [];
  /** What callers hold, by client id. */
  readonly #tickets = new Map<string, string>();
  #sids = 0;

  /** @param nodes all there will be; they may still be added. */
  constructor(scene: Scene, options: WorldOptions, nodes: readonly WorldNode[], reference: QueueReference) {
    this.#scene = scene;
    this.#options = options;
    this.#nodes = nodes;
    this.#reference = reference;
  }

  /** One of a few more callers than there are slots. */
  clientId(pick: number): string {
    return `c${pick % (2 * this.#options.limit + 3)}`;
  }

  offer(pick: number): void {
    const clientId = this.clientId(pick);
    const sid = this.#newSid();
    // One caller in six comes over a WebSocket and says who it is only when it is connected.
    if (pick % 6 === 1) {
      this.#admit(sid, sid, undefined);
      return;
    }
    // One caller in eight has forgotten its ticket.
    const ticket = pick % 8 === 3 ? undefined : this.#tickets.get(clientId);
    this.#admit(sid, clientId, ticket);
  }

  /** The edge takes a call to its node. */
  dispatch(pick: number): void {
    const call = this.#takeCall(pick);
    if (call === undefined || call.deadlineMs <= this.#scene.nowMs) return;
    const node = this.#nodes.find(({ id }) => id === call.lease.nodeId);
    if (node === undefined) throw new Error(`no node ${call.lease.nodeId}`);
    const { lease, ticket, tried, deadlineMs } = call;
    if (!node.offer({ lease, ticket, tried, deadlineMs }) && !call.again) this.placeElsewhere(call);
  }

  dispatchAll(): void {
    while (this.#calls.length > 0) this.dispatch(0);
  }

  /** A call's object dies between two awaits, and its Worker does not repeat it. */
  lose(pick: number): void {
    this.#takeCall(pick);
  }

  /** A call fails before its node hears of it. */
  giveUp(pick: number): void {
    const call = this.#takeCall(pick);
    if (call === undefined || this.#nodes.some((node) => node.hasHeardOf(call.lease.sid))) return;
    this.#scene.ledger.release(call.lease, this.#scene.nowMs);
  }

  /** The Worker repeats an offer whose object was reset: the ledger must give what it gave. */
  repeat(pick: number): void {
    const offers: Offer[] = [...this.#calls, ...this.#nodes.flatMap((node) => node.offers)];
    const offer = pickFrom(offers, pick);
    if (offer === undefined || offer.deadlineMs <= this.#scene.nowMs) return;
    const { sid, clientId } = offer.lease;
    // An object that was reset does nothing any more; what it sent is on its way.
    for (const dead of this.#calls.filter(({ lease }) => lease.sid === sid)) this.#remove(dead);
    // An object that remembers how the session ended refuses; after an eviction it is a new session.
    if (this.#scene.ledger.find(clientId)?.sid === sid) this.#admit(sid, clientId, offer.ticket);
  }

  /** The node that was to take an offer did not. */
  placeElsewhere({ lease, ticket, tried: before, deadlineMs }: Offer): void {
    const { ledger, nowMs } = this.#scene;
    const { sid, clientId } = lease;
    const tried = [...before, lease.nodeId];
    const request = { sid, clientId, ticket, tried, nowMs };
    const admission = ledger.placeElsewhere(request);
    if (admission.ok) {
      const { nodeId, epoch } = admission;
      this.#calls.push({ lease: { sid, clientId, nodeId, epoch }, ticket, tried, deadlineMs, again: false });
    } else {
      this.#refused(clientId, admission);
    }
    // Repeated, because its answer was lost.
    ledger.placeElsewhere(request);
  }

  ask(pick: number): void {
    const clientId = this.clientId(pick);
    const ticket = this.#tickets.get(clientId);
    if (ticket === undefined) return;
    const { ledger, nowMs } = this.#scene;
    const status = ledger.ticket(ticket, nowMs);
    if (status === null) this.#tickets.delete(clientId);
    else if (status.state === "waiting") this.#reference.asked(ticket, nowMs);
  }

  leave(pick: number): void {
    const clientId = this.clientId(pick);
    const ticket = this.#tickets.get(clientId);
    if (ticket === undefined) return;
    const { ledger, nowMs } = this.#scene;
    this.#reference.done(ticket);
    this.#tickets.delete(clientId);
    ledger.leave(ticket, nowMs);
    if (ledger.leave(ticket, nowMs)) throw new Error(`${ticket} was given up twice`);
  }

  /** A session's time was up, and its caller is at the end of the line. */
  rejoin({ sid, clientId }: { readonly sid: string; readonly clientId: string }): void {
    this.#tickets.set(clientId, ticketOf(sid));
  }

  /** A caller who cannot be refused first: told that there is a slot, it comes at once. */
  telephone(pick: number): void {
    const clientId = this.clientId(pick);
    if (this.#tickets.has(clientId)) return;
    const { ledger, nowMs } = this.#scene;
    const { sql } = this.#options.store;
    const sid = this.#newSid();
    const wait = ledger.wait(sid, nowMs);
    const before = leasedSids(sql).size;
    const again = ledger.wait(sid, nowMs);
    if (JSON.stringify(again) !== JSON.stringify(wait)) throw new Error(`${sid} waits otherwise when it asks again`);
    if (leasedSids(sql).size !== before) throw new Error(`${sid} waits, and the leases change`);
    if (wait.state === "waiting") {
      this.#reference.asked(wait.ticket, nowMs);
      this.#tickets.set(clientId, wait.ticket);
    }
    if (wait.state !== "free") return;
    this.#admit(sid, sid, undefined);
    if (ledger.find(sid) === null) throw new Error(`${sid} was told of a slot that it does not get`);
  }

  #admit(sid: string, clientId: string, ticket: string | undefined): void {
    const { ledger, nowMs } = this.#scene;
    const before = ledger.find(clientId);
    const admission = ledger.admit({ sid, clientId, ticket, nowMs });
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
    // Who was called just now has a slot, too.
    if (!again) this.#reference.admitted(ticket, ticketRows(this.#options.store.sql), nowMs);
    this.#calls.push({ lease, again, ticket, tried: [], deadlineMs: nowMs + COMMAND_DEADLINE_MS });
  }

  #refused(clientId: string, { queued }: Admission & { ok: false }): void {
    if (queued === undefined) return;
    this.#reference.asked(queued.ticket, this.#scene.nowMs);
    this.#tickets.set(clientId, queued.ticket);
  }

  #takeCall(pick: number): Call | undefined {
    const call = pickFrom(this.#calls, pick);
    if (call !== undefined) this.#remove(call);
    return call;
  }

  #remove(call: Call): void {
    this.#calls.splice(this.#calls.indexOf(call), 1);
  }

  #newSid(): string {
    this.#sids += 1;
    return `s_${this.#sids}`;
  }
}
