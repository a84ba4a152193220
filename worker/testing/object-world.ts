/**
 * A world of media nodes and callers around the real objects, for the property test in workerd. Nothing is awaited that
 * a fault could hold up: calls, redials and reports run while objects are reset under them.
 */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as v from "valibot";
import { vi } from "vitest";
import type { QueueOptions } from "../../shared/descriptor.ts";
import { newSessionId } from "../../shared/ids.ts";
import type { Command, SessionEvent } from "../../shared/link.ts";
import { CONNECT_TIMEOUT_MS } from "../../shared/session.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { PENDING_LEASE_MS } from "../deadlines.ts";
import { isOffer } from "../link/pending-commands.ts";
import { callObject } from "../objects/call.ts";
import { get, offer, post, SDP, trickle } from "./client.ts";
import { descriptor, FakeNode } from "./fake-node.ts";

export interface ObjectWorldOptions {
  /** The stream's name, and the beginning of its nodes': new for each world, for objects stay. */
  readonly name: string;
  readonly limit: number;
  readonly nodes: number;
  readonly queue: QueueOptions | null;
}

export const OBJECT_STEPS = [
  "offer",
  "trickle",
  "connect",
  "hang_up",
  "report",
  "report_again",
  "unlink",
  "redial",
  "crash",
  "reset_session",
  "reset_stream",
  "reset_node",
  "evict_stream",
  "alarms",
  "wait",
  "silence",
  "ask",
  "settle_a_while",
] as const;
export type ObjectStep = (typeof OBJECT_STEPS)[number];

/** Sessions a node takes, whatever the ledger thinks. */
const CAPACITY = 2;
/** A node that was silent for longer than its fence, and than the edge waits. */
const SILENCE_MS = 21_000;
const REPORT_EVERY_MS = 1_500;

const Queued = v.object({ meta: v.object({ ticket: v.string() }) });

interface Member {
  readonly node: FakeNode;
  /** Events the edge has not acknowledged. */
  unacknowledged: SessionEvent[];
  /** This run's answers, by command id: it answers the same way again. */
  answers: Map<string, ReturnType<FakeNode["accept"]>>;
  takenMs: Map<string, number>;
  linked: boolean;
  /** Since when its link has been down, as far as time has passed since. */
  unlinkedMs: number | undefined;
}

/** A node whose socket closed ends its sessions before the edge gives it up, which is after five seconds. */
const FENCE_MS = 4_000;

export class ObjectWorld {
  readonly #options: ObjectWorldOptions;
  readonly #members: Member[];
  readonly #running = new Set<Promise<unknown>>();
  readonly #tickets = new Map<string, string>();
  #broken: string | null = null;

  constructor(options: ObjectWorldOptions) {
    this.#options = options;
    const { name, nodes, limit, queue } = options;
    const streams = [descriptor(name, { concurrencyLimit: limit, queue })];
    this.#members = Array.from({ length: nodes }, (_, index) => {
      const load = { sessions: 0, capacity: CAPACITY + 1, cpu: 0, ready: true };
      const node = new FakeNode({ nodeId: `${name}-${index}`, streams, load });
      const member = {
        node,
        unacknowledged: [],
        answers: new Map(),
        takenMs: new Map(),
        linked: false,
        unlinkedMs: undefined,
      };
      node.onCommand = (command) => this.#answer(member, command);
      return member;
    });
  }

  async start(): Promise<void> {
    for (const member of this.#members) await this.#redial(member);
  }

  /** Sessions that nodes hold. */
  alive(): string[] {
    return this.#members.flatMap(({ node }) => node.sessions.map(({ sid }) => sid)).sort();
  }

  /** One step, and some of what it sets going. @throws if more sessions live than the limit. */
  async run(step: ObjectStep, pick: number): Promise<void> {
    const member = this.#members[pick % this.#members.length];
    if (member === undefined) return;
    await this.#step(step, member, pick);
    for (let turn = pick % 3; turn > 0; turn -= 1) await scheduler.wait(0);
    this.#check();
  }

  /** Lets everything come to rest. @throws if a lease is left that no node has a session for, or the other way round. */
  async settle(): Promise<void> {
    await this.#linkAll();
    await Promise.all([...this.#running]);
    for (let passedMs = 0; passedMs <= PENDING_LEASE_MS; passedMs += REPORT_EVERY_MS) {
      await this.#wait(REPORT_EVERY_MS);
      this.#check();
    }
    await this.#linkAll();
    while (await this.#alarms()) vi.setSystemTime(Date.now() + REPORT_EVERY_MS);
    const alive = this.alive();
    const leases = await runInDurableObject(this.#stream(), (_, { storage }) =>
      storage.sql
        .exec("SELECT sid FROM leases ORDER BY sid")
        .toArray()
        .map((row) => String(row["sid"])),
    );
    if (leases.join() !== alive.join()) throw new Error(`leases of [${leases}], alive are [${alive}]`);
  }

  close(): void {
    for (const { node } of this.#members) node.drop();
  }

  async #step(step: ObjectStep, member: Member, pick: number): Promise<void> {
    const { node } = member;
    const held = node.sessions[pick % Math.max(1, node.sessions.length)];
    const clientId = `c${pick % (2 * this.#options.limit + 2)}`;
    const session = env.SESSION.getByName(`default/${this.#options.name}/${clientId}`);
    switch (step) {
      case "offer":
        // One caller in six comes over a WebSocket, and says who it is only when it is connected.
        this.#go(pick % 6 === 1 ? this.#openSocket() : this.#offer(clientId));
        break;
      case "trickle":
        this.#go(trickle(this.#options.name, clientId));
        break;
      case "connect":
        if (held !== undefined) this.#connect(member, held.sid, clientId);
        break;
      case "hang_up":
        if (held !== undefined) this.#end(member, held.sid);
        break;
      case "report":
      case "report_again":
        this.#report(member, step === "report_again");
        break;
      case "unlink":
        member.linked = false;
        node.drop();
        break;
      case "redial":
        if (!member.linked) this.#go(this.#redial(member));
        break;
      case "crash":
        await this.#crash(member);
        break;
      case "reset_session":
        await reset(session);
        break;
      case "reset_stream":
        await reset(this.#stream());
        break;
      case "reset_node":
        await reset(env.MEDIA_NODE.getByName(`default/${node.options.nodeId}`));
        break;
      case "evict_stream":
        // It only can be evicted while it is awake.
        await runInDurableObject(this.#stream(), () => undefined);
        await evictDurableObject(this.#stream(), { webSockets: "close" });
        break;
      case "alarms":
        await this.#alarms();
        break;
      case "wait":
        await this.#wait(pick % REPORT_EVERY_MS);
        break;
      case "silence":
        await this.#silence(member);
        break;
      case "ask":
        this.#go(get(`/${this.#options.name}/queue/${this.#tickets.get(clientId) ?? "none"}`));
        break;
      case "settle_a_while":
        await this.#linkAll();
        await Promise.all([...this.#running]);
        break;
    }
  }

  /** Remembers what is under way, without waiting for it. */
  #go(work: Promise<unknown>): void {
    const settled = work.catch((error: unknown) => {
      // A call that failed because its objects were reset is one that a client makes again.
      this.#broken ??= error instanceof TypeError ? String(error.stack) : null;
    });
    this.#running.add(settled);
    void settled.then(() => this.#running.delete(settled));
  }

  async #offer(clientId: string): Promise<void> {
    const { name } = this.#options;
    const ticket = this.#tickets.get(clientId);
    this.#tickets.delete(clientId);
    const answer =
      ticket === undefined
        ? await offer(name, clientId)
        : await post(name, { sdp: SDP, type: "offer", webrtc_id: clientId, ticket });
    const queued = v.safeParse(Queued, answer.json);
    if (queued.success) this.#tickets.set(clientId, queued.output.meta.ticket);
  }

  /** As the Worker does it, which repeats the call when the object is reset under it. */
  async #openSocket(): Promise<void> {
    const stream = this.#options.name;
    const sid = newSessionId();
    const request = { v: PROTOCOL_VERSION, sid, stream, clientId: sid, transport: "websocket" } as const;
    await callObject(async () => await env.SESSION.getByName(`default/${stream}/${sid}`).openSocket(request));
  }

  #answer(member: Member, command: Command): ReturnType<FakeNode["accept"]> {
    const { node, answers, takenMs } = member;
    const before = answers.get(command.id);
    if (before !== undefined) return before;
    const full = isOffer(command) && node.sessions.length >= CAPACITY;
    // What it calls itself since, only its own report says.
    if (command.command === "end") this.#end(member, command.sid);
    const answer = full ? ({ ok: false, error: "node_full" } as const) : node.accept(command);
    answers.set(command.id, answer);
    if (isOffer(command) && command.command !== "drain" && !full) takenMs.set(command.sid, Date.now());
    this.#check();
    return answer;
  }

  /** @param name what the client calls itself, if it has not said so yet. */
  #connect({ node, unacknowledged }: Member, sid: string, name: string): void {
    const held = node.sessions.find((session) => session.sid === sid);
    if (held === undefined || held.state === "live") return;
    const clientId = held.clientId === sid ? name : held.clientId;
    const live = { ...held, clientId, state: "live" } as const;
    node.sessions = node.sessions.map((session) => (session === held ? live : session));
    const { stream } = held;
    unacknowledged.push({ sid, stream, clientId, event: "connected" });
  }

  #end({ node, unacknowledged }: Member, sid: string): void {
    const held = node.sessions.find((session) => session.sid === sid);
    if (held === undefined) return;
    node.sessions = node.sessions.filter((session) => session !== held);
    const { stream, clientId } = held;
    unacknowledged.push({ sid, stream, clientId, event: "ended", reason: "client_closed" });
  }

  #report(member: Member, again: boolean): void {
    if (!member.linked) return;
    const events = [...member.unacknowledged];
    const acknowledged = member.node.report(events).then(() => {
      member.unacknowledged = member.unacknowledged.filter((event) => !events.includes(event));
    });
    if (again) this.#go(Promise.race([member.node.report(events), member.node.closed]));
    this.#go(Promise.race([acknowledged, member.node.closed]));
  }

  async #redial(member: Member): Promise<void> {
    const { node } = member;
    await node.open();
    node.hello();
    const epoch = await Promise.race([node.welcomed, node.closed.then(() => null)]);
    if (epoch === null) return;
    node.epoch = epoch;
    member.linked = true;
    member.unlinkedMs = undefined;
    void node.closed.then(() => {
      member.linked = false;
    });
  }

  async #linkAll(): Promise<void> {
    for (const member of this.#members) {
      for (let attempt = 0; attempt < 5 && !member.linked; attempt += 1) {
        await this.#redial(member).catch(() => undefined);
      }
      if (!member.linked) throw new Error(`${member.node.options.nodeId} cannot be linked`);
      this.#report(member, false);
    }
  }

  /** The process dies and starts anew. */
  async #crash(member: Member): Promise<void> {
    member.node.drop();
    member.linked = false;
    member.node.sessions = [];
    member.node.epoch = null;
    member.unacknowledged = [];
    member.answers = new Map();
  }

  /** Nothing gets through to a node, or from it, for long: it ends its sessions, then the edge gives it up. */
  async #silence(member: Member): Promise<void> {
    member.linked = false;
    member.node.drop();
    for (const { sid } of [...member.node.sessions]) this.#end(member, sid);
    await this.#wait(SILENCE_MS);
  }

  /** Time passes; nodes that are linked say a word now and then. */
  async #wait(ms: number): Promise<void> {
    const untilMs = Date.now() + ms;
    while (Date.now() < untilMs) {
      for (const member of this.#members) if (!member.linked) member.unlinkedMs ??= Date.now();
      vi.setSystemTime(Math.min(untilMs, Date.now() + REPORT_EVERY_MS));
      for (const member of this.#members) {
        if (member.unlinkedMs !== undefined && Date.now() - member.unlinkedMs >= FENCE_MS)
          for (const { sid } of [...member.node.sessions]) this.#end(member, sid);
        for (const [sid, takenMs] of member.takenMs) {
          const pending = member.node.sessions.some((held) => held.sid === sid && held.state === "pending");
          if (pending && Date.now() - takenMs >= CONNECT_TIMEOUT_MS) this.#end(member, sid);
        }
        this.#report(member, false);
      }
      await scheduler.wait(1);
      await this.#alarms();
    }
  }

  /** Every alarm that is set, whether its time has come or not. @returns whether the stream's was. */
  async #alarms(): Promise<boolean> {
    for (const { node } of this.#members) {
      await runDurableObjectAlarm(env.MEDIA_NODE.getByName(`default/${node.options.nodeId}`));
    }
    return runDurableObjectAlarm(this.#stream());
  }

  #check(): void {
    const alive = this.alive();
    if (alive.length > this.#options.limit)
      throw new Error(`${alive.length} sessions live, ${this.#options.limit} may`);
    if (new Set(alive).size < alive.length) throw new Error(`a session lives twice: ${alive}`);
    if (this.#broken !== null) throw new Error(this.#broken);
  }

  #stream() {
    return env.STREAM.getByName(`default/${this.#options.name}`);
  }
}

/** Resets an object as a deploy does: in the middle of whatever it is doing, its sockets closed. */
async function reset(stub: DurableObjectStub): Promise<void> {
  await runInDurableObject(stub, (_, state) => state.abort("a deploy")).catch(() => undefined);
}
