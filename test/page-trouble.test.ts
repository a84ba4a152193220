/** The page in real Chromium where something is wrong, or goes away: it says so, and the next call is possible. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silence } from "./support/audio.ts";
import { TestBrowser, type TestPage } from "./support/browser.ts";
import { type NodeHandle, Stack, until } from "./support/stack.ts";

let stack: Stack;
let node: NodeHandle;

beforeAll(async () => {
  stack = await Stack.start("test/fixtures/streams.ts");
  node = await stack.startNode();
});
afterAll(() => stack.stop());

const active = async (name: string): Promise<number> => {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as { name: string; active: number }[];
  return streams.find((stream) => stream.name === name)?.active ?? -1;
};

async function startCall(page: TestPage): Promise<void> {
  await page.page.getByTestId("call-button").click();
  await page.page.locator('[data-state="connected"]').waitFor({ timeout: 20_000 });
}

describe("the page", () => {
  it("frees the line when it is closed in mid-call", async () => {
    const browser = await TestBrowser.launch({ microphone: silence(2_000) });
    try {
      const page = await browser.open(`${stack.url}/?stream=echo`);
      await startCall(page);
      expect(await active("echo")).toBe(1);
      await page.page.close();
      await until(async () => (await active("echo")) === 0, 2_000);
    } finally {
      await browser.close();
    }
  });

  it("explains a call that is cut off because the node died, and can call again", async () => {
    const browser = await TestBrowser.launch({ microphone: silence(2_000) });
    try {
      const page = await browser.open(`${stack.url}/?stream=loopback`);
      await startCall(page);
      await node.kill();
      await page.page.getByTestId("error").waitFor({ timeout: 25_000 });
      expect(await page.page.getByTestId("error").textContent()).not.toBe("");
      node = await stack.startNode();
      await page.page.reload();
      await startCall(page);
    } finally {
      await browser.close();
    }
  });

  it("says so when no media node is there", async () => {
    await node.stop();
    const browser = await TestBrowser.launch({ microphone: silence(1_000) });
    try {
      const page = await browser.open(`${stack.url}/?stream=echo`);
      await page.page.getByTestId("call-button").click();
      await page.page.getByTestId("error").waitFor({ timeout: 15_000 });
      expect(await page.page.getByTestId("error").textContent()).toMatch(/media node/i);
    } finally {
      await browser.close();
      node = await stack.startNode();
    }
  });

  it("explains a microphone that is not allowed", async () => {
    const browser = await TestBrowser.launch({ microphone: silence(1_000) });
    try {
      const page = await browser.open(`${stack.url}/?stream=echo`);
      await page.page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("denied", "NotAllowedError"));
      });
      await page.page.getByTestId("call-button").click();
      await page.page.getByTestId("error").waitFor();
      expect(await page.page.getByTestId("error").textContent()).toMatch(/microphone/i);
      expect(await active("echo")).toBe(0);
    } finally {
      await browser.close();
    }
  });
});
