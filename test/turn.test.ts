/** Calls through a real coturn: Chromium restricted to the relay, with the credentials that the edge gives; a node's own. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestBrowser } from "./support/browser.ts";
import { Caller } from "./support/caller.ts";
import { Coturn, coturnMissing } from "./support/coturn.ts";
import { type RelayedCallOptions, type RelayedCallReport, relayedCall } from "./support/relayed-call.ts";
import { Stack, until } from "./support/stack.ts";

const SECRET = "secret-shared-with-coturn";
const missing = coturnMissing();

describe.skipIf(missing !== null)(`through a real coturn${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  let coturn: Coturn;
  let stack: Stack;
  let browser: TestBrowser;

  beforeAll(async () => {
    coturn = await Coturn.start(SECRET);
    stack = await Stack.start("test/fixtures/streams.ts", { EDGERTC_TURN: "coturn", ...variablesFor(coturn) });
    // coturn is on loopback, and so must be what it relays to.
    await stack.startNode({ args: ["--public-ip", "127.0.0.1"] });
    browser = await TestBrowser.launch();
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
    await coturn?.stop();
  });

  async function call(options: RelayedCallOptions): Promise<RelayedCallReport> {
    // Any page of the edge's origin will do.
    const { page } = await browser.open(`${stack.url}/health`);
    const report = await page.evaluate(relayedCall, options);
    await page.close();
    return report;
  }

  it.each(["udp", "tcp"] as const)("Chromium calls that may use nothing but the relay, over %s", async (transport) => {
    const report = await call({ path: "/loopback", transport });
    expect(report).toMatchObject({
      connectionState: "connected",
      candidateType: "relay",
      relayProtocol: transport,
      ttlSeconds: 600,
      echo: '{"type": "log", "data": "Server received: through the relay"}',
    });
    expect(new Set(report.gathered)).toEqual(new Set(["relay"]));
    expect(report.answer).not.toContain(" typ relay ");
    expect(report.packetsReceived).toBeGreaterThan(25);
    expect(report.packetsSent).toBeGreaterThan(25);
    // The relay knows the client by the name that the edge minted, which says whose and until when.
    expect(report.username).toMatch(/^\d{10}:edgertc-loopback-[0-9a-f]{8}$/);
    expect(coturn.log).toContain(`user <${report.username}>`);
  });

  it("nobody gets in whose credential the edge did not make", async () => {
    const report = await call({ path: "/loopback", transport: "udp", spoilCredential: true });
    expect(report.gathered).toEqual([]);
    expect(report.errors).toContain(401);
    expect(report.connectionState).not.toBe("connected");
  });
});

describe.skipIf(missing !== null)("a media node that needs TURN itself", () => {
  it("offers a relay, with credentials of its own that no argument of a process shows", async () => {
    const coturn = await Coturn.start(SECRET);
    const stack = await Stack.start("test/fixtures/streams.ts", {
      EDGERTC_TURN_NODES: "coturn",
      ...variablesFor(coturn),
    });
    try {
      const node = await stack.startNode();
      const caller = new Caller({ url: stack.url, path: "/loopback" });
      await caller.offer();
      expect(caller.answer).toMatch(/ 127\.0\.0\.1 \d+ typ relay /);
      await caller.hangUp();
      expect(coturn.log).toMatch(/user <\d{10}:edgertc-node-1-[0-9a-f]{8}>.*ALLOCATE processed, success/);
      for (const pid of await node.shardPids()) expect(await commandLine(pid)).not.toContain("edgertc-node-1");
    } finally {
      await stack.stop();
      await coturn.stop();
    }
  });
});

describe("the recipe for one's own coturn", () => {
  it.skipIf(missing !== null)("relays into no private network, nor to a cloud's metadata service", async () => {
    const coturn = await Coturn.start(SECRET, { allowedPeers: "" });
    try {
      for (const peer of ["10.0.0.1", "169.254.169.254", "127.0.0.1"]) {
        coturn.probe(peer);
        await until(() => coturn.log.includes(`A peer IP ${peer} denied`));
      }
    } finally {
      await coturn.stop();
    }
  });

  it("has the same rules on AWS as in a container", async () => {
    const [container = "", cloud = ""] = await Promise.all(
      ["turnserver.conf", "cloudformation.yaml"].map((name) => readFile(`deploy/coturn/${name}`, "utf8")),
    );
    const rules = container.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const lines = new Set(cloud.split("\n").map((line) => line.trim()));
    expect(rules.length).toBeGreaterThan(20);
    expect(rules.filter((rule) => !lines.has(rule))).toEqual([]);
  });
});

const variablesFor = ({ urls, secret }: Coturn) => ({ EDGERTC_TURN_URLS: urls, EDGERTC_TURN_SECRET: secret });

async function commandLine(pid: number): Promise<string> {
  return await readFile(`/proc/${pid}/cmdline`, "utf8");
}
