/** The examples of video, called by the page in real Chromium. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { TestBrowser } from "./support/browser.ts";
import { type NodeHandle, Stack, until } from "./support/stack.ts";

let stack: Stack;
let node: NodeHandle;
let browser: TestBrowser;

beforeAll(async () => {
  [stack, browser] = await Promise.all([Stack.start("test/fixtures/video-examples.ts"), TestBrowser.launch()]);
  node = await stack.startNode({ shards: 1 });
});

afterAll(async () => {
  await browser.close();
  await stack.stop();
});

it.each(["flip", "filters", "objects", "clock", "mirror"])("video/%s shows its pictures on the page", async (name) => {
  const { page } = await browser.open(`${stack.url}/?stream=${name}`);
  try {
    await page.getByTestId("call-button").click();
    await page.locator('[data-state="connected"]').waitFor({ timeout: 20_000 });
    // A generator waits for inputs, or to be asked; the page's button was pressed.
    const framesShown = () =>
      page
        .getByTestId("remote-video")
        .evaluate((video) =>
          video instanceof HTMLVideoElement ? video.getVideoPlaybackQuality().totalVideoFrames : 0,
        );
    await until(async () => (await framesShown()) > 20, 30_000);
    if (name === "objects") await page.getByTestId("output-count").locator(".figure").waitFor({ timeout: 20_000 });
    expect(await page.getByTestId("notice").count()).toBe(0);
    await page.getByTestId("call-button").click();
    await page.locator('[data-state="ended"]').waitFor({ timeout: 10_000 });
  } finally {
    await page.close();
  }
  expect(node.log()).not.toMatch(/"level":(50|60)/);
});
