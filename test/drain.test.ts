/** A node that is told to go: calls finish, new ones go elsewhere, nobody is suspicious. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Caller } from "./support/caller.ts";
import { type NodeHandle, Stack, sleep, until } from "./support/stack.ts";

let stack: Stack;

beforeEach(async () => {
  stack = await Stack.start("test/fixtures/streams.ts");
});
afterEach(() => stack.stop());

const call = (): Promise<Caller> => new Caller({ url: stack.url, path: "/loopback", hello: true }).connect();

interface Listing {
  readonly name: string;
  readonly active: number;
  readonly nodesReady: number;
}

async function listing(): Promise<Listing> {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as Listing[];
  const found = streams.find(({ name }) => name === "loopback");
  if (found === undefined) throw new Error("the stream is not listed");
  return found;
}

const signal = (node: NodeHandle): void => void node.process.kill("SIGTERM");
const exitCode = (node: NodeHandle): Promise<number | null> =>
  new Promise((resolve) => {
    if (node.process.exitCode !== null) resolve(node.process.exitCode);
    else node.process.once("exit", resolve);
  });

describe("edgertc dev", () => {
  it("ends at once on Ctrl-C, calls included, and is not suspicious of itself", async () => {
    const command = ["media-node/cli/main.ts", "dev", "test/fixtures/streams.ts", "--port", "0", "--shards", "1"];
    const dev = spawn(process.execPath, [...command, "--state-dir", path.join(stack.stateDir, "dev")], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [dev.stdout, dev.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
    const exited = once(dev, "exit");
    await until(() => /http:\/\/[\d.]+:\d+/.test(output) && output.includes("Ctrl-C stops it"), 60_000);
    const url = /http:\/\/[\d.]+:\d+/.exec(output)?.[0] ?? "";
    const caller = await new Caller({ url, path: "/loopback", hello: true }).connect();
    await until(() => caller.of("session").length > 0);
    dev.kill("SIGINT");
    expect(await exited).toEqual([0, null]);
    expect(caller.of("bye")[0]?.data).toEqual({ reason: "draining" });
    expect(output).not.toContain("node_suspect");
    await caller.hangUp();
  });
});

describe("a node that gets SIGTERM", () => {
  it("lets its calls finish, takes no more, and exits with 0 after the last one", async () => {
    const node = await stack.startNode({ drainTimeoutMs: 60_000 });
    const caller = await call();
    signal(node);
    await until(async () => (await listing()).nodesReady === 0);
    const { body } = await new Caller({ url: stack.url, path: "/loopback" }).offer();
    expect(body).toMatchObject({ meta: { error: "no_media_node" } });
    const other = await stack.startNode();
    const elsewhere = await call();
    await until(() => other.log().includes(elsewhere.clientId));
    await sleep(1_000);
    expect([caller.state, node.process.exitCode]).toEqual(["connected", null]);
    await caller.hangUp();
    expect(await exitCode(node)).toBe(0);
    await until(async () => (await listing()).active === 1);
    expect(stack.edgeLog.filter((line) => /node_(suspect|lost)/.test(line))).toEqual([]);
    await elsewhere.hangUp();
  });

  it("ends what is left at the deadline, and says why", async () => {
    const node = await stack.startNode({ drainTimeoutMs: 1_500 });
    const caller = await call();
    await until(() => caller.of("session").length > 0);
    const toldAtMs = performance.now();
    signal(node);
    expect(await exitCode(node)).toBe(0);
    expect(performance.now() - toldAtMs).toBeGreaterThanOrEqual(1_500);
    expect(caller.of("bye")[0]?.data).toEqual({ reason: "draining" });
    expect(await listing()).toMatchObject({ active: 0, nodesReady: 0 });
    await caller.hangUp();
  });

  it("hurries when it gets a second one", async () => {
    const node = await stack.startNode({ drainTimeoutMs: 600_000 });
    const caller = await call();
    await until(() => caller.of("session").length > 0);
    signal(node);
    await until(() => node.log().includes("draining"));
    signal(node);
    expect(await exitCode(node)).toBe(0);
    expect(caller.of("bye")[0]?.data).toEqual({ reason: "draining" });
    await caller.hangUp();
  });
});
