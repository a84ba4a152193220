/** The edge dies or is deployed while calls go on: none of them hears it, and its account is right again after. */
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tone } from "./support/audio.ts";
import { Caller } from "./support/caller.ts";
import { Stack, sleep, until } from "./support/stack.ts";

let stack: Stack;

beforeEach(async () => {
  stack = await Stack.start("test/fixtures/streams.ts");
});
afterEach(() => stack.stop());

const active = async (name: string): Promise<number> => {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as { name: string; active: number }[];
  return streams.find((stream) => stream.name === name)?.active ?? -1;
};
const session = async (path: string, id: string): Promise<{ state?: string; reason?: string }> =>
  (await (await fetch(`${stack.url}${path}/sessions/${id}`)).json()) as { state?: string; reason?: string };

describe("an edge that restarts, its sockets closed", () => {
  it("is not heard in the call, keeps the account, and takes the next call", async () => {
    const node = await stack.startNode();
    const caller = await new Caller({ url: stack.url, path: "/three" }).connect();
    const second = tone(1_000, 440);
    await caller.say(second);
    const packetsBefore = caller.packets;
    const talking = (async () => {
      for (let i = 0; i < 8; i++) await caller.say(second);
    })();
    await sleep(500);
    await stack.stopEdge();
    await sleep(1_000);
    await stack.startEdge();
    await talking;
    // 8 s are 400 packets; the edge was away for more than 1 s, 50 packets, which would be missing here.
    expect(caller.packets - packetsBefore).toBeGreaterThan(370);
    await until(() => node.log().split("linked to the edge").length === 3, 10_000);
    await until(async () => (await active("three")) === 1);
    expect(await session("/three", caller.clientId)).toMatchObject({ state: "live" });
    const next = await new Caller({ url: stack.url, path: "/three" }).connect();
    await caller.hangUp();
    await next.hangUp();
    await until(async () => (await active("three")) === 0, 5_000);
  });

  it("comes back when its process is killed, with its account, and no call notices", async () => {
    const node = await stack.startNode();
    const caller = await new Caller({ url: stack.url, path: "/three" }).connect();
    const packetsBefore = caller.packets;
    const talking = caller.say(tone(4_000, 440));
    for (const pid of await workerdPids()) process.kill(pid, "SIGKILL");
    await talking;
    expect(caller.packets - packetsBefore).toBeGreaterThan(180);
    await until(() => node.log().split("linked to the edge").length === 3, 15_000);
    await until(async () => (await active("three")) === 1);
    expect(await session("/three", caller.clientId)).toMatchObject({ state: "live" });
    const next = await new Caller({ url: stack.url, path: "/three" }).connect();
    await Promise.all([caller, next].map((each) => each.hangUp()));
    await until(async () => (await active("three")) === 0, 5_000);
  });

  it("learns what ended while it was away", async () => {
    await stack.startNode();
    const caller = await new Caller({ url: stack.url, path: "/three" }).connect();
    await stack.stopEdge();
    await caller.hangUp();
    await sleep(500);
    await stack.startEdge();
    await until(async () => (await active("three")) === 0, 10_000);
  });
});

/** The edge of these tests is a child of their process. */
async function workerdPids(): Promise<number[]> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  const pids = children.trim().split(" ").map(Number);
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, "utf8")));
  return pids.filter((_, index) => names[index]?.startsWith("workerd"));
}
