/** What dies and what does not: nodes, session processes, clients; the edge is in edge-restart.test.ts. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Caller } from "./support/caller.ts";
import { Stack, until } from "./support/stack.ts";

let stack: Stack;

beforeEach(async () => {
  stack = await Stack.start("test/fixtures/streams.ts");
});
afterEach(() => stack.stop());

const active = async (name: string, on = stack): Promise<number> => {
  const streams = (await (await fetch(`${on.url}/streams`)).json()) as { name: string; active: number }[];
  return streams.find((stream) => stream.name === name)?.active ?? -1;
};
const session = async (path: string, id: string, on = stack): Promise<{ state?: string; reason?: string }> =>
  (await (await fetch(`${on.url}${path}/sessions/${id}`)).json()) as { state?: string; reason?: string };

describe("a media node that is killed", () => {
  it("ends its sessions as node_lost, frees their slots, and the next call lands on the other node", async () => {
    const nodes = await Promise.all([stack.startNode(), stack.startNode()]);
    for (const victim of [0, 1]) {
      const callers = await Promise.all(
        Array.from({ length: 3 }, () => new Caller({ url: stack.url, path: "/three" }).connect()),
      );
      expect((await new Caller({ url: stack.url, path: "/three" }).offer()).body).toMatchObject({
        meta: { error: "concurrency_limit_reached", limit: 3 },
      });
      const node = nodes[victim];
      const mine = callers.filter(({ clientId }) => node?.log().includes(clientId));
      const killedAtMs = performance.now();
      await node?.kill();
      await until(async () => (await active("three")) === 3 - mine.length, 10_000);
      console.log(`slots free ${Math.round(performance.now() - killedAtMs)} ms after the kill`);
      for (const { clientId } of mine) {
        expect(await session("/three", clientId)).toMatchObject({ state: "ended", reason: "node_lost" });
      }
      const next = await new Caller({ url: stack.url, path: "/loopback" }).connect();
      const other = nodes[1 - victim];
      await until(() => other?.log().includes(next.clientId) === true);
      await Promise.all([...callers, next].map((caller) => caller.hangUp()));
      await until(async () => (await active("three")) === 0);
      nodes[victim] = await stack.startNode();
    }
  });

  it("leaves a clear refusal behind when it was the only one", async () => {
    const node = await stack.startNode();
    await node.kill();
    const { status, body } = await new Caller({ url: stack.url, path: "/loopback" }).offer();
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "failed", meta: { error: "no_media_node" } });
  });

  it("takes its session processes with it", async () => {
    const node = await stack.startNode({ shards: 2 });
    const pids = await node.shardPids();
    expect(pids.length).toBeGreaterThanOrEqual(2);
    await node.kill();
    await until(() => pids.every((pid) => !isRunning(pid)), 5_000);
  });
});

describe("a session process that is killed", () => {
  it("loses its own sessions only, says so, and is replaced", async () => {
    const node = await stack.startNode({ shards: 2 });
    const processesReady = (): number => node.log().split("a session process is ready").length - 1;
    // The node takes calls as soon as it has one.
    await until(() => processesReady() === 2, 20_000);
    const callers = await Promise.all(
      Array.from({ length: 4 }, () => new Caller({ url: stack.url, path: "/loopback" }).connect()),
    );
    const shardOf = (caller: Caller): string =>
      node
        .log()
        .split("\n")
        .find((line) => line.includes(caller.clientId))
        ?.match(/"shard":(\d)/)?.[1] ?? "?";
    expect(callers.map(shardOf).sort()).toEqual(["0", "0", "1", "1"]);
    const [pid] = await node.shardPids();
    process.kill(pid ?? 0, "SIGKILL");
    await until(async () => (await active("loopback")) === 2, 5_000);
    const states = await Promise.all(callers.map(({ clientId }) => session("/loopback", clientId)));
    expect(states.filter((state) => state.state === "ended" && state.reason === "shard_lost")).toHaveLength(2);
    expect(states.filter((state) => state.state === "live")).toHaveLength(2);
    await until(() => processesReady() === 3, 20_000);
    const more = await Promise.all(
      Array.from({ length: 2 }, () => new Caller({ url: stack.url, path: "/loopback" }).connect()),
    );
    await Promise.all([...callers, ...more].map((caller) => caller.hangUp()));
    await until(async () => (await active("loopback")) === 0, 25_000);
  });
});

describe("a client", () => {
  it("that vanishes without a word is noticed, with ICE-lite too", async () => {
    const lite = await Stack.start("test/fixtures/streams.ts");
    try {
      await Promise.all([stack.startNode({ iceLite: false }), lite.startNode({ iceLite: true })]);
      await Promise.all([isNoticedToVanish(stack), isNoticedToVanish(lite)]);
    } finally {
      await lite.stop();
    }
  });
});

async function isNoticedToVanish(on: Stack): Promise<void> {
  const caller = await new Caller({ url: on.url, path: "/three", dataChannel: false }).connect();
  await caller.vanish();
  await until(async () => (await active("three", on)) === 0, 30_000);
  expect(await session("/three", caller.clientId, on)).toMatchObject({ state: "ended", reason: "peer_lost" });
}

describe("a media node that is told to stop", () => {
  it("ends its sessions, tells the edge, and leaves nothing behind", async () => {
    const node = await stack.startNode();
    const caller = await new Caller({ url: stack.url, path: "/three", hello: true }).connect();
    await until(() => caller.of("session").length > 0);
    const pids = await node.shardPids();
    expect(await node.stop()).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(caller.of("bye")[0]?.data).toEqual({ reason: "draining" });
    expect(await active("three")).toBe(0);
    expect(await session("/three", caller.clientId)).toMatchObject({ state: "ended", reason: "draining" });
    await caller.hangUp();
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
