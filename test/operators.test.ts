/** What operators do, with the real edge, a real node and real calls: drain, change a limit, end a session, ask the doctor. */
import { execFile } from "node:child_process";
import * as v from "valibot";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ADMIN_API_PATH, type NodeOverview, Overview } from "../shared/admin.ts";
import { TestBrowser } from "./support/browser.ts";
import { Caller } from "./support/caller.ts";
import { Coturn, coturnMissing } from "./support/coturn.ts";
import { type NodeHandle, Stack, until } from "./support/stack.ts";

const TOKEN = "token-of-the-operators";
const TURN_SECRET = "secret-shared-with-coturn";
const STREAMS = "test/fixtures/streams.ts";

let stack: Stack;

async function admin(method: string, path: string, body?: object): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${stack.url}${ADMIN_API_PATH}${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: await response.json() };
}

const overview = async (): Promise<Overview> => v.parse(Overview, (await admin("GET", "/overview")).json);
const nodeNamed = async (id: string): Promise<NodeOverview | undefined> =>
  (await overview()).nodes.find(({ nodeId }) => nodeId === id);
const call = (): Promise<Caller> => new Caller({ url: stack.url, path: "/loopback", hello: true }).connect();

describe("an operator", () => {
  let node: NodeHandle;

  beforeEach(async () => {
    stack = await Stack.start(STREAMS, { EDGERTC_ADMIN_TOKEN: TOKEN });
    node = await stack.startNode({ id: "first", drainTimeoutMs: 60_000, args: ["--region", "test-lab"] });
  });
  afterEach(() => stack.stop());

  it("drains a node: its call goes on, new ones go to another, and it exits with 0 after the last", async () => {
    const caller = await call();
    await stack.startNode({ id: "second" });
    expect(await nodeNamed("first")).toMatchObject({ state: "up", sessions: 1, region: "test-lab", epoch: 1 });
    expect((await admin("POST", "/nodes/first/drain")).status).toBe(202);
    await until(async () => (await nodeNamed("first"))?.state === "draining");
    const heard = caller.packets;
    await caller.silence(300);
    await until(() => caller.packets > heard);
    const next = await call();
    expect(await nodeNamed("second")).toMatchObject({ sessions: 1 });
    const exited = new Promise<number | null>((resolve) => node.process.once("exit", resolve));
    await caller.hangUp();
    expect(await exited).toBe(0);
    await until(async () => (await nodeNamed("first"))?.state === "lost");
    await next.hangUp();
  });

  it("lowers a limit under running calls: they go on, and the next caller is refused until there is room", async () => {
    const callers = [await call(), await call()];
    expect((await admin("PUT", "/streams/loopback/limit", { limit: 1 })).json).toMatchObject({ limit: 1, active: 2 });
    await expect(call()).rejects.toThrow(/concurrency_limit_reached/);
    const heard = callers.map(({ packets }) => packets);
    await Promise.all(callers.map((caller) => caller.silence(300)));
    await until(() => callers.every(({ packets }, index) => packets > (heard[index] ?? 0)));
    // A node that comes back with its own wish changes nothing.
    await node.kill();
    await stack.startNode({ id: "first" });
    const loopback = (await overview()).streams.find(({ name }) => name === "loopback");
    expect(loopback).toMatchObject({ limit: 1, operatorLimit: 1 });
    await until(async () => (await overview()).streams.every(({ active }) => active === 0));
    expect((await admin("PUT", "/streams/loopback/limit", { limit: null })).status).toBe(200);
  });

  it("does both, and ends a session, from the page", async () => {
    const caller = await call();
    const browser = await TestBrowser.launch();
    try {
      const { page } = await browser.open(`${stack.url}/admin/#token=${TOKEN}`);
      await page.getByTestId("total-active").getByText("1", { exact: true }).waitFor();
      expect(page.url()).not.toContain(TOKEN);
      const row = page.getByTestId("stream-loopback");
      await row.getByTestId("limit").fill("7");
      await row.getByTestId("limit-set").click();
      await row.getByTestId("limit-reset").waitFor();
      expect((await overview()).streams.find(({ name }) => name === "loopback")?.limit).toBe(7);

      await page.getByTestId("sessions-loopback").click();
      const session = page.getByTestId("session");
      await session.getByText(caller.clientId).waitFor();
      await session.getByTestId("end").click();
      await session.getByText("Really end?").click();
      await until(() => caller.messages.some(({ type, data }) => type === "bye" && reasonOf(data) === "ended_by_edge"));
      await page.getByText("Nobody is talking here right now.").waitFor();
      await page.keyboard.press("Escape");

      const first = page.getByTestId("node-first");
      await first.getByTestId("drain").click();
      await first.getByText("Really drain?").click();
      // It has no calls: it leaves at once.
      await first.getByText("Gone").waitFor();
    } finally {
      await browser.close();
    }
  });

  it("is asked for the token, and for another one if it is wrong", async () => {
    const browser = await TestBrowser.launch();
    try {
      const { page } = await browser.open(`${stack.url}/admin/`);
      await page.getByTestId("token").fill("a guess that is long enough");
      await page.getByTestId("token").press("Enter");
      await page.getByText("The token is wrong.").waitFor();
      await page.getByTestId("token").fill(TOKEN);
      await page.getByTestId("token").press("Enter");
      await page.getByTestId("node-first").waitFor();
    } finally {
      await browser.close();
    }
  });
});

describe("a node's metrics", () => {
  it("count its calls, and its log has a line of JSON for each step of one", async () => {
    stack = await Stack.start(STREAMS, {});
    try {
      const node = await stack.startNode({ args: ["--metrics-port", "0"] });
      const url = /"url":"(http:[^"]+)"/.exec(node.log())?.[1] ?? "";
      const metrics = async () => await (await fetch(`${url}/metrics`)).text();
      expect(await metrics()).toContain(
        'edgertc_sessions{stream="loopback",state="live",transport="webrtc",node="node-1"} 0',
      );
      const caller = await call();
      await until(async () =>
        (await metrics()).includes(
          'edgertc_sessions{stream="loopback",state="live",transport="webrtc",node="node-1"} 1',
        ),
      );
      await until(async () =>
        (await metrics()).includes('edgertc_engine_queue_length{shard="0",engine="vad",node="node-1"} 0'),
      );
      expect(await metrics()).toMatch(/edgertc_shard_resident_bytes\{shard="0",node="node-1"\} \d{8,}/);
      expect((await fetch(`${url}/ready`)).status).toBe(200);
      await caller.hangUp();
      await until(async () =>
        (await metrics()).includes(
          'edgertc_sessions_ended_total{stream="loopback",reason="client_closed",node="node-1"} 1',
        ),
      );
      const lines = node
        .log()
        .trim()
        .split("\n")
        .map((line): unknown => JSON.parse(line));
      for (const msg of ["offer answered", "session connected", "session ended"]) {
        expect(lines).toContainEqual(
          expect.objectContaining({ level: "info", node: "node-1", stream: "loopback", msg }),
        );
      }
    } finally {
      await stack.stop();
    }
  });
});

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly what: string;
}

/** `edgertc doctor --json` in a process of its own. */
function doctor(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: number; findings: Finding[] }> {
  const command = ["media-node/cli/main.ts", "doctor", "--json", "--edge", stack.url, "--timeout-ms", "2000", ...args];
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, command, { env: { ...process.env, ...env } }, (error, stdout) => {
      if (stdout === "") reject(error ?? new Error("the doctor said nothing"));
      else resolve({ code: child.exitCode ?? -1, findings: JSON.parse(stdout) });
    });
  });
}

const missing = coturnMissing();

describe.skipIf(missing !== null)(`the doctor${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let coturn: Coturn;

  beforeAll(async () => {
    coturn = await Coturn.start(TURN_SECRET);
    stack = await Stack.start(STREAMS, {
      EDGERTC_ADMIN_TOKEN: TOKEN,
      EDGERTC_TURN: "coturn",
      EDGERTC_TURN_URLS: coturn.urls,
      EDGERTC_TURN_SECRET: TURN_SECRET,
    });
    await stack.startNode({ id: "patient" });
  });
  afterAll(async () => {
    await stack?.stop();
    await coturn?.stop();
  });

  it("finds all well: clock, edge, link, node, UDP, address, and data relayed over UDP and over TCP", async () => {
    const env = { EDGERTC_NODE_SECRET: Stack.secret, EDGERTC_ADMIN_TOKEN: TOKEN };
    const { code, findings } = await doctor(["--id", "patient", "--bind", "127.0.0.1"], env);
    expect(findings.filter(({ level }) => level === "failure")).toEqual([]);
    const good = findings.filter(({ level }) => level === "ok");
    expect(new Set(good.map(({ check }) => check))).toEqual(
      new Set(["config", "edge", "clock", "secret", "link", "nodes", "turn", "udp", "address", "relay", "video"]),
    );
    const relays = good.filter(({ check }) => check === "relay").map(({ what }) => what);
    expect(relays).toHaveLength(2);
    for (const [index, transport] of ["udp", "tcp"].entries()) {
      expect(relays[index]).toMatch(new RegExp(`transport=${transport} relays: there and back`));
    }
    expect(code).toBe(0);
  });

  it("finds what is wrong, and exits with 1: the secret, the node's name", async () => {
    const env = { EDGERTC_NODE_SECRET: "another-secret-altogether", EDGERTC_ADMIN_TOKEN: TOKEN };
    const { code, findings } = await doctor(["--id", "nobody", "--bind", "127.0.0.1"], env);
    expect(code).toBe(1);
    const troubles = findings.filter(({ level }) => level === "failure" || level === "warning");
    expect(troubles.map(({ check }) => check)).toEqual(["secret", "link", "nodes"]);
  });
});

function reasonOf(data: unknown): unknown {
  return typeof data === "object" && data !== null ? Reflect.get(data, "reason") : undefined;
}
