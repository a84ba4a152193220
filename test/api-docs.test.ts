/** The API documentation in real Chromium: its code is taken from the page, and calls a stream. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { seriousFaults } from "./support/accessibility.ts";
import { levelDb } from "./support/audio.ts";
import { TestBrowser } from "./support/browser.ts";
import { Stack, until } from "./support/stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start("test/fixtures/streams.ts");
  await stack.startNode();
});
afterAll(() => stack.stop());

const active = async (name: string): Promise<number> => {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as { name: string; active: number }[];
  return streams.find((stream) => stream.name === name)?.active ?? -1;
};

it("shows code that calls this deployment as it stands there, and runs it", async () => {
  const browser = await TestBrowser.launch();
  try {
    await browser.context.route("**/streams", (route) => route.abort(), { times: 1 });
    const docs = await browser.open(`${stack.url}/docs/`);
    const { page } = docs;
    await page.getByTestId("retry").click();
    await page.getByTestId("choose-stream").selectOption("loopback");
    const textOf = async (testId: string): Promise<string> => (await page.getByTestId(testId).textContent()) ?? "";
    const code = (): Promise<string> => textOf("code");
    await until(async () => (await code()).includes(`{ url: "${stack.url}", stream: "loopback" }`));
    await page.getByTestId("run").click();
    await page.locator('[data-testid="runner"][data-state="connected"]').waitFor();
    await until(async () => /"type":"session".*"stream":"loopback"/.test(await textOf("log")));
    expect(await seriousFaults(page)).toEqual([]);
    await page.getByTestId("run").click();
    await until(async () => (await active("loopback")) === 0);

    // By keyboard: a click is not needed.
    await page.getByLabel("edgertc/client").press("ArrowRight");
    expect(await code()).toContain(`useCall({ url: "${stack.url}", stream: "loopback" })`);
    await page.getByLabel("React").press("ArrowRight");
    await page.addScriptTag({ type: "module", content: `${await code()}\nglobalThis.peer = await call();` });
    await until(async () => (await page.evaluate("globalThis.peer?.connectionState")) === "connected");
    const before = (await docs.recording()).length;
    await until(async () => levelDb((await docs.recording()).subarray(before)) > -40);
    await page.evaluate("peer.close()");
    await until(async () => (await active("loopback")) === 0);

    await page.getByLabel("WebSocket").check();
    const counting = "socket.addEventListener('message', ({ data }) => (heard += data.byteLength ?? 0));";
    const start = "globalThis.heard = 0; globalThis.socket = await call();";
    await page.addScriptTag({ type: "module", content: `${await code()}\n${start}\n${counting}` });
    // Half a second of sound.
    await until(async () => Number(await page.evaluate("globalThis.heard")) > 24_000);
    await page.evaluate("socket.close()");
    await until(async () => (await active("loopback")) === 0);

    await page.getByLabel("video", { exact: true }).check();
    await page.getByTestId("no-stream").waitFor();
    expect(await code()).toContain("my-stream");
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  } finally {
    await browser.close();
  }
});
