/** Calls through a real coturn: Chromium restricted to the relay, with the credentials that the edge gives; a node's own. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestBrowser } from "./support/browser.ts";
import { Caller } from "./support/caller.ts";
import { Coturn, coturnMissing } from "./support/coturn.ts";
import { type RelayedCallOptions, type RelayedCallReport, relayedCall } from "./support/relayed-call.ts";
import { type NodeHandle, Stack, until } from "./support/stack.ts";

const SECRET = "secret-shared-with-coturn";
const missing = coturnMissing();

describe.skipIf(missing !== null)(
  `TURN through a real coturn${missing === null ? "" : ` (skipped: ${missing})`}`,
  () => {
    let coturn: Coturn;
    let stack: Stack;
    let node: NodeHandle;
    let browser: TestBrowser;

    beforeAll(async () => {
      coturn = await Coturn.start(SECRET);
      stack = await Stack.start("test/fixtures/streams.ts", {
        EDGERTC_TURN: "coturn",
        EDGERTC_TURN_NODES: "coturn",
        EDGERTC_TURN_URLS: coturn.urls,
        EDGERTC_TURN_SECRET: SECRET,
      });
      node = await stack.startNode();
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

    it.each(["udp", "tcp"] as const)(
      "carries a call of Chromium that may use nothing but the relay, over %s",
      async (transport) => {
        const report = await call({ path: "/loopback", transport });
        expect(report).toMatchObject({
          connectionState: "connected",
          candidateType: "relay",
          relayProtocol: transport,
          ttlSeconds: 600,
          echo: '{"type": "log", "data": "Server received: through the relay"}',
        });
        expect(new Set(report.gathered)).toEqual(new Set(["relay"]));
        expect(report.packetsReceived).toBeGreaterThan(25);
        expect(report.packetsSent).toBeGreaterThan(25);
        // The relay knows the client by the name that the edge minted, which says whose and until when.
        expect(report.username).toMatch(/^\d{10}:edgertc-loopback-[0-9a-f]{8}$/);
        expect(coturn.log).toContain(report.username);
      },
    );

    it("lets nobody in whose credential the edge did not make", async () => {
      const report = await call({ path: "/loopback", transport: "udp", spoilCredential: true });
      expect(report.gathered).toEqual([]);
      expect(report.errors).toContain(401);
      expect(report.connectionState).not.toBe("connected");
    });

    it("serves a media node too, with credentials of its own that no argument of a process shows", async () => {
      const caller = await new Caller({ url: stack.url, path: "/loopback" }).connect();
      expect(caller.answer).toContain(" typ relay ");
      await caller.silence(200);
      await until(() => caller.packets > 5);
      await caller.hangUp();
      const [, username] = /user <(\d{10}:edgertc-node-1-[0-9a-f]{8})>/.exec(coturn.log) ?? [];
      expect(username).toBeDefined();
      for (const pid of await node.shardPids()) expect(await commandLine(pid)).not.toContain("edgertc-node-1");
    });
  },
);

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
    const [container, cloud] = await Promise.all(
      ["turnserver.conf", "cloudformation.yaml"].map((name) => readFile(`deploy/coturn/${name}`, "utf8")),
    );
    const rules = (container ?? "").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const lines = new Set((cloud ?? "").split("\n").map((line) => line.trim()));
    expect(rules.length).toBeGreaterThan(20);
    expect(rules.filter((rule) => !lines.has(rule))).toEqual([]);
  });
});

async function commandLine(pid: number): Promise<string> {
  return await readFile(`/proc/${pid}/cmdline`, "utf8");
}
