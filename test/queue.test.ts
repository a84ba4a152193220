/** Waiting in line, end to end: refused with a ticket, called, cut off at the time limit, in line again, known again. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { PhoneCall } from "../media-node/telephone/simulator/phone-call.ts";
import { systemClock } from "../media-node/time/clock.ts";
import { Caller } from "./support/caller.ts";
import { activeSessions, Stack, until } from "./support/stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start("test/fixtures/queue-streams.ts");
  // The state is kept by one of them, whichever it is.
  await stack.startNode({ shards: 2 });
});
afterAll(() => stack.stop());

const ask = async (ticket: string): Promise<unknown> => (await fetch(`${stack.url}/queue/${ticket}`)).json();

async function untilReady(ticket: string): Promise<void> {
  let last: unknown;
  await until(async () => {
    last = await ask(ticket);
    return last !== null && typeof last === "object" && "state" in last && last.state === "ready";
  });
}

const turnOf = (caller: Caller) => caller.messages.find(({ type }) => type === "output")?.data;

it("lets callers take turns, each at the end of the line again when its time is up, and remembers them", async () => {
  const ann = await new Caller({ url: stack.url, hello: true }).connect();
  await until(() => turnOf(ann) !== undefined);
  expect(turnOf(ann)).toEqual(["turn 1"]);

  const refused = await new Caller({ url: stack.url }).offer();
  expect(refused.body).toMatchObject({ meta: { error: "concurrency_limit_reached", limit: 1, position: 1 } });
  const meta: unknown = refused.body["meta"];
  const bobs = meta !== null && typeof meta === "object" && "ticket" in meta ? String(meta.ticket) : "";
  expect(await ask(bobs)).toMatchObject({ state: "waiting", position: 1 });

  await until(() => ann.messages.some(({ type }) => type === "bye"));
  const bye = ann.messages.find(({ type }) => type === "bye")?.data;
  expect(bye).toMatchObject({ reason: "time_limit", ticket: expect.stringMatching(/^q_[0-9a-f]{32}$/) });
  const anns = bye !== null && typeof bye === "object" && "ticket" in bye ? String(bye.ticket) : "";
  await ann.hangUp();

  await untilReady(bobs);
  expect(await ask(anns)).toMatchObject({ state: "waiting", position: 1 });
  const bob = await new Caller({ url: stack.url, hello: true, ticket: bobs }).connect();
  await until(() => turnOf(bob) !== undefined);
  expect(turnOf(bob)).toEqual(["turn 1"]);
  await bob.hangUp();

  await untilReady(anns);
  const again = await new Caller({ url: stack.url, hello: true, ticket: anns }).connect();
  await until(() => turnOf(again) !== undefined);
  expect(turnOf(again)).toEqual(["turn 2"]);
  await again.hangUp();
});

it("has a telephone wait in the same line, is told its place, and has its turn again when its time is up", async () => {
  await until(async () => (await activeSessions(stack)) === 0);
  const browser = await new Caller({ url: stack.url, hello: true }).connect();
  const phone = new PhoneCall({ url: stack.url, clock: systemClock });
  const said = () => phone.events.flatMap((event) => (event.event === "said" ? [event.text] : []));
  const connections = () => phone.events.filter(({ event }) => event === "connected").length;
  const dialled = phone.dial();
  await until(() => said().length > 0);
  expect(said()).toEqual([expect.stringMatching(/^All lines are busy\. You are next in line\./)]);
  await browser.hangUp();
  await dialled;
  expect(connections()).toBe(1);
  // Its two seconds are over, and nobody else waits.
  await until(() => connections() === 2, 10_000);
  phone.hangUp();
  expect(phone.events.filter(({ event }) => event === "fault")).toEqual([]);
});
