/** Waiting in line on the telephone: what the provider is told, how often, and that a call keeps to the line's order. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NODE_ID_HEADER, NODE_MEDIA_PATH } from "../../shared/link.ts";
import { createApp } from "../app.ts";
import type { Env } from "../env.ts";
import { offer } from "../testing/client.ts";
import { descriptor, FakeNode, TEST_SECRET } from "../testing/fake-node.ts";

// Objects run in this isolate: its clock is theirs.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());

const queue = { maxLength: 2, ticketTtlMs: 30_000, rejoin: false };
const pass = (ms: number) => void vi.setSystemTime(Date.now() + ms);

/** A node with a stream of one slot, in use by a browser, and a queue. */
async function busy(name: string, overrides: Parameters<typeof descriptor>[1] = {}, socketUrl?: string) {
  const node = await FakeNode.start({ nodeId: name, streams: [descriptor(name, { queue, ...overrides })] });
  node.onCommand = (command) => {
    const reply = node.accept(command);
    if (command.command !== "offer_socket") return reply;
    if (socketUrl !== undefined) return { ok: true, socketUrl };
    const { sid, stream, clientId } = command;
    const headers = { upgrade: "websocket", authorization: `Bearer ${TEST_SECRET}`, [NODE_ID_HEADER]: name };
    const url = `https://edge${NODE_MEDIA_PATH}?${new URLSearchParams({ sid, stream, clientId })}`;
    void (async () => (await createApp().request(url, { headers }, env)).webSocket?.accept())();
    return reply;
  };
  expect((await offer(name, "first")).json).toMatchObject({ type: "answer" });
  await node.connected(node.sessions[0]?.sid ?? "");
  return node;
}

async function ask(url: string, variables: Partial<Env> = {}): Promise<string> {
  const init = { method: "POST", body: "CallSid=CA1&From=%2B14155550100" };
  const response = await createApp().request(url, init, { ...env, ...variables }, createExecutionContext());
  return await response.text();
}
const incoming = (stream: string) => `https://phone.example/${stream}/telephone/incoming`;
const again = (text: string) => /<Redirect method="POST">([^<]+)</.exec(text)?.[1]?.replaceAll("&amp;", "&") ?? "none";

async function open(text: string, variables: Partial<Env> = {}): Promise<number> {
  const url = /<Stream url="wss:([^"]+)"/.exec(text)?.[1] ?? "none";
  const request = new Request(`https:${url}`, { headers: { upgrade: "websocket" } });
  const response = await createApp().request(request, {}, { ...env, ...variables }, createExecutionContext());
  response.webSocket?.accept();
  return response.status;
}

describe("a caller on a stream with a queue", () => {
  it("hears its place, waits, and is connected without a greeting when it is its turn", async () => {
    const node = await busy("patient", { timeLimit: 120 });
    const first = await ask(incoming("patient"));
    expect(first).toMatch(
      /<Say>All lines are busy\. You are next in line\. It will take about 2 minutes\.<\/Say><Pause length="2" \/><Redirect method="POST">https:\/\/phone\.example\/patient\/telephone\/incoming\?place=q_[0-9a-f]{32}&amp;told=1</,
    );
    const second = await ask(again(first));
    expect(second).toMatch(/<Response><Pause length="2" \/><Redirect method="POST">/);
    await node.ended(node.sessions[0]?.sid ?? "");
    const third = await ask(again(second));
    expect(third).toMatch(
      /<Response><Connect><Stream url="wss:\/\/phone\.example\/patient\/telephone\/handler\/[^"]+"/,
    );
    expect(await open(third)).toBe(101);
    expect(node.sessions).toHaveLength(1);
    node.drop();
  });

  it("is told when the line has moved, in Plivo's words, too, and nobody passes", async () => {
    const node = await busy("moving");
    const plivo = `${incoming("moving")}?provider=plivo`;
    const one = await ask(plivo);
    const two = await ask(plivo);
    expect(two).toContain("<Speak>All lines are busy. You are number 2 in line.");
    expect(two).toContain('<Wait length="2" />');
    await node.ended(node.sessions[0]?.sid ?? "");
    // A browser that comes now finds the slot held for the first in line, and the line full.
    expect((await offer("moving", "pushy")).json).toMatchObject({ meta: { error: "concurrency_limit_reached" } });
    const moved = await ask(again(two));
    expect(moved).toContain("<Speak>You are next in line.</Speak>");
    expect(again(moved)).toContain("provider=plivo");
    expect(await ask(again(one))).toContain("<Stream bidirectional");
    node.drop();
  });

  it("is told that all lines are busy where the line is full, or there is none", async () => {
    const node = await busy("crowded");
    await ask(incoming("crowded"));
    await ask(incoming("crowded"));
    expect(await ask(incoming("crowded"))).toContain("All lines are busy. Please try again later.");
    const plain = await busy("no-line", { queue: null });
    expect(await ask(incoming("no-line"))).toContain("All lines are busy. Please try again later.");
    node.drop();
    plain.drop();
  });

  it("waits for room on the nodes as well", async () => {
    const node = await busy("roomless", { concurrencyLimit: 9 });
    const full = { sessions: 99, capacity: 99, cpu: 0, ready: true };
    await node.report([], full);
    expect(await ask(incoming("roomless"))).toContain("You are next in line.");
    node.drop();
  });

  it("keeps its place by asking, and gets another at the end where it was lost", async () => {
    const node = await busy("slow");
    let one = await ask(incoming("slow"));
    const two = await ask(incoming("slow"));
    for (let n = 0; n < 5; n++) {
      pass(20_000);
      one = await ask(again(one));
      expect(one).not.toContain("<Say>");
    }
    // The other has not asked for long, and its place is gone: it comes back behind the first.
    const back = await ask(again(two));
    expect(again(back)).not.toContain(new URL(again(two)).searchParams.get("place"));
    expect(new URL(again(back)).searchParams.get("told")).toBe("2");
    node.drop();
  });

  it("is put in line where media goes straight to the nodes, and is led to its node when it is its turn", async () => {
    const variables = { EDGERTC_TELEPHONE_MEDIA: "node" };
    const node = await busy("straight-line", {}, "wss://node.example/media/abc");
    const first = await ask(incoming("straight-line"), variables);
    expect(first).toContain("You are next in line.");
    expect(node.sessions).toHaveLength(1);
    await node.ended(node.sessions[0]?.sid ?? "");
    expect(await ask(again(first), variables)).toContain('<Stream url="wss://node.example/media/abc"');
    expect(node.sessions).toHaveLength(1);
    node.drop();
  });

  it("takes turns where the stream says so: cut off at the time limit, it is at the end of the line again, and known", async () => {
    const rejoin = { queue: { ...queue, rejoin: true }, timeLimit: 60 };
    const node = await busy("turns", rejoin);
    const waits = await ask(incoming("turns"));
    await node.ended(node.sessions[0]?.sid ?? "");
    const connected = await ask(again(waits));
    expect(connected).not.toContain("disconnected");
    expect(await open(connected)).toBe(101);
    const { sid } = node.sessions[0] ?? { sid: "" };
    await node.connected(sid);
    const other = await ask(incoming("turns"));
    await node.ended(sid, "time_limit");
    const timeUp = await ask(again(connected));
    expect(timeUp).toContain("<Say>Your time is up. You are next in line.");
    expect(again(timeUp)).toContain(`place=q_${sid.slice(2)}&told=1`);
    expect(await open(await ask(again(other)))).toBe(101);
    await node.ended(node.sessions[0]?.sid ?? "", "handler_closed");
    const second = await ask(again(timeUp));
    expect(await open(second)).toBe(101);
    expect(node.commands.at(-1)).toMatchObject({ command: "offer_socket", resumes: sid });
    // What was meant is over.
    await node.ended(node.sessions[0]?.sid ?? "", "handler_closed");
    expect(await ask(again(second))).toContain("<Say>The call has been disconnected.</Say><Hangup />");
    node.drop();
  });
});
