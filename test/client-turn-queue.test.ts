/** What the page makes of an edge's TURN servers and of a queue, in real Chromium. */
import { afterEach, describe, expect, it } from "vitest";
import { silence } from "./support/audio.ts";
import { TestBrowser } from "./support/browser.ts";
import { Caller } from "./support/caller.ts";
import { Coturn, coturnMissing } from "./support/coturn.ts";
import { Stack } from "./support/stack.ts";

let stack: Stack | undefined;
let browser: TestBrowser | undefined;
let coturn: Coturn | undefined;

afterEach(async () => {
  await browser?.close();
  await stack?.stop();
  await coturn?.stop();
  [browser, stack, coturn] = [undefined, undefined, undefined];
});

const CONNECTED = '[data-state="connected"]';

describe("the page, where every line is taken", () => {
  it("shows the place in line, and is connected by itself when it is its turn", async () => {
    stack = await Stack.start("test/fixtures/line-streams.ts");
    await stack.startNode({ shards: 1 });
    const first = await new Caller({ url: stack.url, hello: true }).connect();
    browser = await TestBrowser.launch({ microphone: silence(2_000) });
    const { page } = await browser.open(stack.url);
    await page.getByTestId("call-button").click();
    await page.locator('[data-state="queued"]').waitFor({ timeout: 10_000 });
    expect(await page.getByTestId("state").textContent()).toBe("Waiting in line");
    expect(await page.locator(".hint").textContent()).toMatch(/^You are next\./);
    await first.hangUp();
    await page.locator(CONNECTED).waitFor({ timeout: 15_000 });
  });

  it("is called also where the page's own timers stand still, as in a hidden one", async () => {
    stack = await Stack.start("test/fixtures/line-streams.ts");
    await stack.startNode({ shards: 1 });
    const first = await new Caller({ url: stack.url, hello: true }).connect();
    browser = await TestBrowser.launch({ microphone: silence(2_000) });
    await browser.context.addInitScript(() => {
      const original = globalThis.setTimeout;
      const [fromMs, toMs] = [900, 4_000];
      Object.assign(globalThis, {
        setTimeout: (action: () => void, delayMs = 0) =>
          delayMs >= fromMs && delayMs <= toMs ? 0 : original(action, delayMs),
      });
    });
    const { page } = await browser.open(stack.url);
    await page.getByTestId("call-button").click();
    await page.locator('[data-state="queued"]').waitFor({ timeout: 10_000 });
    await expect.poll(() => page.workers()).toHaveLength(1);
    await first.hangUp();
    await page.locator(CONNECTED).waitFor({ timeout: 15_000 });
    await expect.poll(() => page.workers()).toEqual([]);
  });

  it("gives its place up when the person does", async () => {
    stack = await Stack.start("test/fixtures/line-streams.ts");
    await stack.startNode({ shards: 1 });
    const first = await new Caller({ url: stack.url, hello: true }).connect();
    browser = await TestBrowser.launch({ microphone: silence(2_000) });
    const { page } = await browser.open(stack.url);
    const left = page.waitForResponse((response) => response.request().method() === "DELETE");
    await page.getByTestId("call-button").click();
    await page.locator('[data-state="queued"]').waitFor({ timeout: 10_000 });
    await page.getByTestId("call-button").click();
    const response = await left;
    expect(response.url()).toContain("/queue/q_");
    expect(response.status()).toBe(204);
    await first.hangUp();
  });

  it("has its turn again when its time is up, as long as the person stays", async () => {
    stack = await Stack.start("test/fixtures/queue-streams.ts");
    await stack.startNode({ shards: 1 });
    browser = await TestBrowser.launch({ microphone: silence(2_000) });
    const { page } = await browser.open(stack.url);
    await page.getByTestId("call-button").click();
    await page.getByText("turn 1").waitFor({ timeout: 10_000 });
    // Somebody else is next: there is a line to be seen.
    const other = await new Caller({ url: stack.url }).offer();
    await page.getByText("Your time is up, and you are in line again.").waitFor({ timeout: 10_000 });
    await giveUp(stack.url, other.body);
    await page.getByText("turn 2").waitFor({ timeout: 10_000 });
    expect(await page.getByTestId("state").textContent()).not.toBe("Call ended");
  });
});

async function giveUp(url: string, refusal: Readonly<Record<string, unknown>>): Promise<void> {
  const { meta } = refusal;
  const ticket = meta !== null && typeof meta === "object" && "ticket" in meta ? String(meta.ticket) : "";
  expect((await fetch(`${url}/queue/${ticket}`, { method: "DELETE" })).status).toBe(204);
}

const missing = coturnMissing();

describe("the page, where the edge has a TURN provider", () => {
  it.skipIf(missing !== null)("calls through the relay that it is given", async () => {
    coturn = await Coturn.start("secret-shared-with-coturn");
    const variables = { EDGERTC_TURN_URLS: coturn.urls, EDGERTC_TURN_SECRET: coturn.secret };
    stack = await Stack.start("test/fixtures/streams.ts", { EDGERTC_TURN: "coturn", ...variables });
    await stack.startNode({ args: ["--public-ip", "127.0.0.1"] });
    browser = await TestBrowser.launch({ microphone: silence(2_000) });
    const { page } = await browser.open(`${stack.url}/health`);
    // As a provider that relays only says it, which coturn's does not: the servers are as the edge has given them.
    await page.route("**/turn", async (route) => {
      const response = await route.fetch();
      const servers: unknown = await response.json();
      await route.fulfill({ response, json: Object.assign({}, servers, { iceTransportPolicy: "relay" }) });
    });
    await page.goto(`${stack.url}/?stream=loopback`);
    await page.getByTestId("call-button").click();
    await page.locator(CONNECTED).waitFor({ timeout: 20_000 });
    await page.getByTestId("details").locator("summary").click();
    await page.getByTestId("transport").getByText("relayed").waitFor({ timeout: 10_000 });
  });

  it("says that the provider fails, and calls without", async () => {
    stack = await Stack.start("test/fixtures/streams.ts", { EDGERTC_TURN: "static", EDGERTC_TURN_SERVERS: "no JSON" });
    await stack.startNode({ shards: 1 });
    browser = await TestBrowser.launch({ microphone: silence(2_000) });
    const { page } = await browser.open(`${stack.url}/?stream=loopback`);
    await page.getByTestId("call-button").click();
    await page.locator(CONNECTED).waitFor({ timeout: 20_000 });
    expect(await page.getByTestId("notice").getAttribute("data-code")).toBe("turn_misconfigured");
  });
});
