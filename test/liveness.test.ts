/**
 * Nodes that freeze and networks that are cut, for longer than the edge waits: a slot is free only when its session is over,
 * and what is over stays over. All at the same time, because each of them takes half a minute.
 */
import { afterEach, beforeEach, expect, it } from "vitest";
import { Caller } from "./support/caller.ts";
import { Cuttable } from "./support/cuttable.ts";
import { type NodeHandle, Stack, sleep, until } from "./support/stack.ts";

/** Past NODE_LOST_MS, and some. */
const TROUBLE_MS = 28_000;
const POLL_MS = 200;

let stack: Stack;
let networks: Cuttable[];

beforeEach(async () => {
  stack = await Stack.start("test/fixtures/streams.ts");
  networks = await Promise.all(Array.from({ length: 3 }, () => Cuttable.open(stack.url)));
});
afterEach(async () => {
  await stack.stop();
  await Promise.all(networks.map((network) => network.close()));
});

interface Trouble {
  readonly name: string;
  readonly node: NodeHandle;
  readonly begin: () => void;
  readonly end: () => void;
  /** How its session ends on the node, if the node can still say so. */
  readonly byNode: string;
  /** How the edge learns of it. */
  readonly byEdge: string;
}

it("gives no slot away before its session is over, and brings no session back", { timeout: 180_000 }, async () => {
  const troubles = await makeTroubles();
  const calls = await callEach(troubles);
  for (const { begin } of troubles) begin();
  const freed = watchEdge([...calls.values()].flat());
  await sleep(TROUBLE_MS);
  for (const { end } of troubles) end();
  const freedAtMs = await freed;
  for (const { name, node, byNode, byEdge } of troubles) {
    for (const { clientId } of calls.get(name) ?? []) {
      await until(() => ended(node, clientId) !== null, 15_000);
      const over = ended(node, clientId);
      const free = freedAtMs.get(clientId);
      expect([name, over?.reason, free?.reason]).toEqual([name, byNode, byEdge]);
      // A process that stands still as a whole serves nobody: it ends its sessions when it wakes up.
      if (name !== "frozen node") expect(over?.atMs, name).toBeLessThanOrEqual(free?.atMs ?? 0);
    }
  }
  await until(async () => (await listing()).nodesReady === troubles.length, 30_000);
  expect((await listing()).active).toBe(0);
  const after = await new Caller({ url: stack.url, path: "/loopback" }).connect();
  await Promise.all([...[...calls.values()].flat(), after].map((caller) => caller.hangUp()));
});

async function makeTroubles(): Promise<Trouble[]> {
  const [both, toEdge, fromEdge] = networks;
  if (both === undefined || toEdge === undefined || fromEdge === undefined) throw new Error("three networks");
  const nodes = await Promise.all(
    [null, null, null, both, toEdge, fromEdge].map((network) =>
      stack.startNode(network === null ? {} : { args: ["--edge", network.url] }),
    ),
  );
  const [main, whole, shard, ...cut] = nodes;
  if (main === undefined || whole === undefined || shard === undefined) throw new Error("three nodes");
  const shardPids = await shard.shardPids();
  const wholePids = [whole.process.pid ?? 0, ...(await whole.shardPids())];
  const fenced = { byNode: "edge_lost", byEdge: "node_lost" };
  const frozen = (name: string, node: NodeHandle, pids: readonly number[]) => ({
    name,
    node,
    begin: () => signal(pids, "SIGSTOP"),
    end: () => signal(pids, "SIGCONT"),
  });
  const directions = [["to_target", "from_target"], ["to_target"], ["from_target"]] as const;
  return [
    { ...frozen("frozen main process", main, [main.process.pid ?? 0]), ...fenced },
    { ...frozen("frozen node", whole, wholePids), ...fenced },
    // Its main process kills it and says so itself.
    {
      ...frozen("frozen session process", shard, shardPids),
      end: () => undefined,
      byNode: "gone",
      byEdge: "shard_lost",
    },
    ...[both, toEdge, fromEdge].map((network, index) => ({
      name: `network cut ${directions[index]?.join(" and ")}`,
      node: cut[index] ?? main,
      begin: () => network.cut(...(directions[index] ?? [])),
      end: () => network.heal(),
      ...fenced,
    })),
  ];
}

/** Calls until every node has one. */
async function callEach(troubles: readonly Trouble[]): Promise<Map<string, Caller[]>> {
  const calls = new Map<string, Caller[]>(troubles.map(({ name }) => [name, []]));
  while ([...calls.values()].some((callers) => callers.length === 0)) {
    const caller = await new Caller({ url: stack.url, path: "/loopback" }).connect();
    await until(() => troubles.some(({ node }) => node.log().includes(caller.clientId)));
    const trouble = troubles.find(({ node }) => node.log().includes(caller.clientId));
    if (trouble !== undefined) calls.get(trouble.name)?.push(caller);
  }
  return calls;
}

interface End {
  readonly atMs: number;
  readonly reason: string;
}

/** Asks the edge until every slot is free. @returns when and why each was freed, by client id. */
async function watchEdge(callers: readonly Caller[]): Promise<Map<string, End>> {
  const freed = new Map<string, End>();
  while (freed.size < callers.length) {
    for (const { clientId } of callers) {
      if (freed.has(clientId)) continue;
      const response = await fetch(`${stack.url}/loopback/sessions/${clientId}`);
      const { state, reason } = (await response.json()) as { state?: string; reason?: string };
      if (state === "ended") freed.set(clientId, { atMs: Date.now(), reason: reason ?? "" });
    }
    await sleep(POLL_MS);
  }
  return freed;
}

/** How a session ended on its node, by the node's own log; null while it lives. */
function ended(node: NodeHandle, clientId: string): End | null {
  const line = node
    .log()
    .split("\n")
    .find((text) => text.includes(clientId) && text.includes('"session ended"') && text.includes('"shard"'));
  if (line !== undefined) {
    const { time, reason } = JSON.parse(line) as { time: string; reason: string };
    return { atMs: Date.parse(time), reason };
  }
  const died = node
    .log()
    .split("\n")
    .find((text) => text.includes("a session process died"));
  return died === undefined ? null : { atMs: Date.parse((JSON.parse(died) as { time: string }).time), reason: "gone" };
}

async function listing(): Promise<{ active: number; nodesReady: number }> {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as {
    name: string;
    active: number;
    nodesReady: number;
  }[];
  const found = streams.find(({ name }) => name === "loopback");
  if (found === undefined) throw new Error("the stream is not listed");
  return found;
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, name);
}
