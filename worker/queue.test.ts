import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TICKET_HOLD_MS } from "./ledger/queue.ts";
import { type Answer, get, offer, post, SDP } from "./testing/client.ts";
import { descriptor, FakeNode, READY } from "./testing/fake-node.ts";

// Objects run in this isolate: its clock is theirs.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

const TTL_MS = 30_000;
const queue = { maxLength: 3, ticketTtlMs: TTL_MS, rejoin: false };
const streamObject = (stream: string) => env.STREAM.getByName(`default/${stream}`);
const pass = (ms: number) => void vi.setSystemTime(Date.now() + ms);

const Refusal = v.object({ meta: v.object({ ticket: v.string() }) });
const ticketIn = ({ json }: Answer) => v.parse(Refusal, json).meta.ticket;

const offerWith = (stream: string, webrtcId: string, ticket: string) =>
  post(stream, { sdp: SDP, type: "offer", webrtc_id: webrtcId, ticket });
const ask = (stream: string, ticket: string) => get(`/${stream}/queue/${ticket}`);
const leave = (stream: string, ticket: string) =>
  exports.default.fetch(`http://edge/${stream}/queue/${ticket}`, { method: "DELETE" });

/** A node with a stream of one slot, in use, and a queue. */
async function busy(name: string, overrides: Parameters<typeof descriptor>[1] = {}): Promise<FakeNode> {
  const node = await FakeNode.start({ nodeId: name, streams: [descriptor(name, { queue, ...overrides })] });
  expect((await offer(name, "first")).json).toMatchObject({ type: "answer" });
  await node.connected(node.sessions[0]?.sid ?? "");
  return node;
}

const hangUp = (node: FakeNode) => node.ended(node.sessions[0]?.sid ?? "");

describe("a stream with a queue", () => {
  it("refuses in FastRTC's words, with a place in line beside them", async () => {
    const node = await busy("words", { timeLimit: 60 });
    const refused = await offer("words", "a");
    expect(refused.status).toBe(200);
    expect(refused.json).toEqual({
      status: "failed",
      meta: {
        error: "concurrency_limit_reached",
        limit: 1,
        ticket: expect.stringMatching(/^q_[0-9a-f]{32}$/),
        position: 1,
        estimatedWaitMs: 60_000,
        retryAfterMs: 1_000,
      },
    });
    const ticket = ticketIn(refused);
    expect((await ask("words", ticket)).json).toEqual({
      state: "waiting",
      ticket,
      position: 1,
      estimatedWaitMs: 60_000,
      retryAfterMs: 1_000,
    });
    node.drop();
  });

  it("says when to ask again in HTTP's way, too", async () => {
    const node = await busy("header");
    const ticket = ticketIn(await offer("header", "a"));
    const response = await exports.default.fetch(`http://edge/header/queue/${ticket}`);
    expect(response.headers.get("retry-after")).toBe("1");
    await response.body?.cancel();
    node.drop();
  });

  it("lets in who came first, and nobody in between", async () => {
    const node = await busy("fifo");
    const [a, b] = [ticketIn(await offer("fifo", "a")), ticketIn(await offer("fifo", "b"))];
    expect((await ask("fifo", b)).json).toMatchObject({ state: "waiting", position: 2 });
    await hangUp(node);
    expect((await ask("fifo", a)).json).toEqual({ state: "ready", ticket: a, holdMs: TICKET_HOLD_MS });
    expect((await ask("fifo", b)).json).toMatchObject({ state: "waiting", position: 1 });
    expect((await offer("fifo", "newcomer")).json).toMatchObject({ meta: { position: 2 } });
    expect((await offerWith("fifo", "b", b)).json).toMatchObject({ meta: { ticket: b, position: 1 } });
    expect((await offerWith("fifo", "a", a)).json).toMatchObject({ type: "answer" });
    expect((await ask("fifo", a)).status).toBe(404);
    node.drop();
  });

  it("gives a held slot on when nobody comes for it", async () => {
    const node = await busy("hold");
    const [a, b] = [ticketIn(await offer("hold", "a")), ticketIn(await offer("hold", "b"))];
    await hangUp(node);
    pass(TICKET_HOLD_MS);
    await runDurableObjectAlarm(streamObject("hold"));
    expect((await ask("hold", a)).json).toMatchObject({ meta: { error: "unknown_ticket" } });
    expect((await ask("hold", b)).json).toMatchObject({ state: "ready" });
    node.drop();
  });

  it("forgets who does not ask, and gives back the rows", async () => {
    const node = await busy("gone");
    const [a, b] = [ticketIn(await offer("gone", "a")), ticketIn(await offer("gone", "b"))];
    pass(TTL_MS);
    expect((await ask("gone", b)).json).toMatchObject({ position: 2 });
    pass(TTL_MS);
    expect((await ask("gone", b)).json).toMatchObject({ position: 1 });
    expect((await ask("gone", a)).status).toBe(404);
    expect((await leave("gone", b)).status).toBe(204);
    expect((await leave("gone", b)).status).toBe(404);
    await runInDurableObject(streamObject("gone"), (_, { storage }) => {
      expect(storage.sql.exec("SELECT * FROM tickets").toArray()).toEqual([]);
    });
    node.drop();
  });

  it("that is full refuses as if there were none", async () => {
    const node = await busy("long");
    for (const id of ["a", "b", "c"]) expect((await offer("long", id)).text).toContain("ticket");
    expect((await offer("long", "d")).text).toBe(
      '{"status":"failed","meta":{"error":"concurrency_limit_reached","limit":1}}',
    );
    node.drop();
  });

  it("keeps every place through the loss of its object's memory", async () => {
    const node = await busy("evicted");
    const ticket = ticketIn(await offer("evicted", "a"));
    await evictDurableObject(streamObject("evicted"), { webSockets: "close" });
    expect((await ask("evicted", ticket)).json).toMatchObject({ state: "waiting", position: 1 });
    await hangUp(node);
    expect((await offerWith("evicted", "a", ticket)).json).toMatchObject({ type: "answer" });
    node.drop();
  });

  it("puts a caller back at its place when the node would not take it", async () => {
    const node = await busy("back");
    const [a, b] = [ticketIn(await offer("back", "a")), ticketIn(await offer("back", "b"))];
    await hangUp(node);
    node.onCommand = () => ({ ok: false, error: "node_full" });
    expect((await offerWith("back", "a", a)).json).toMatchObject({
      meta: { error: "node_full", retryable: true, ticket: a, position: 1 },
    });
    node.onCommand = (command) => node.accept(command);
    expect((await offerWith("back", "b", b)).json).toMatchObject({ meta: { ticket: b } });
    expect((await offerWith("back", "a", a)).json).toMatchObject({ type: "answer" });
    node.drop();
  });

  it("waits for room on the nodes as well", async () => {
    const node = await busy("room", { concurrencyLimit: 9 });
    await node.report([], { ...READY, sessions: 100 });
    // A change of capacity is told to streams at once.
    await node.report([], { ...READY, sessions: 99, capacity: 99 });
    const refused = await offer("room", "a");
    expect(refused.json).toMatchObject({ meta: { error: "capacity_reached", position: 1 } });
    await node.report([], READY);
    expect((await ask("room", ticketIn(refused))).json).toMatchObject({ state: "ready" });
    node.drop();
  });
});

describe("a ticket", () => {
  it("that is none is unknown, makes no object and counts as none", async () => {
    const node = await busy("none");
    for (const ticket of ["x", "q_1", `q_${"0".repeat(32)}`]) {
      expect((await ask("none", ticket)).json).toMatchObject({ meta: { error: "unknown_ticket" } });
      expect((await offerWith("none", ticket, ticket)).json).toMatchObject({ meta: { ticket: expect.any(String) } });
    }
    expect((await ask("no-such-stream", "x")).json).toMatchObject({ meta: { error: "unknown_stream" } });
    node.drop();
  });

  it("that is no string is refused in pydantic's words", async () => {
    const node = await busy("wrong");
    const answer = await post("wrong", { sdp: SDP, type: "offer", webrtc_id: "a", ticket: 3 });
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ detail: [{ type: "string_type", loc: ["body", "ticket"] }] });
    node.drop();
  });
});

describe("a session that ends at its time limit", () => {
  it("is at the end of the line again, on a stream that says so", async () => {
    const node = await busy("again", { queue: { ...queue, rejoin: true } });
    const sid = node.sessions[0]?.sid ?? "";
    const waiting = ticketIn(await offer("again", "a"));
    await node.ended(sid, "time_limit");
    const mine = `q_${sid.slice(2)}`;
    expect((await ask("again", waiting)).json).toMatchObject({ state: "ready" });
    expect((await ask("again", mine)).json).toMatchObject({ state: "waiting", position: 1 });
    node.drop();
  });

  it("is simply over elsewhere, and when it ended for another reason", async () => {
    const plain = await busy("plain");
    const again = await busy("hung-up", { queue: { ...queue, rejoin: true } });
    for (const [node, reason] of [
      [plain, "time_limit"],
      [again, "client_closed"],
    ] as const) {
      const sid = node.sessions[0]?.sid ?? "";
      await node.ended(sid, reason);
      expect((await ask(node.options.nodeId, `q_${sid.slice(2)}`)).status).toBe(404);
      node.drop();
    }
  });
});
