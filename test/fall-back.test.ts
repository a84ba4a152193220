/** The page in real Chromium where WebRTC gets no UDP: the same conversation, over a WebSocket. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { closeSpeech, getSTTModel } from "../media-node/speech/index.ts";
import { clip, concat, levelDb, silence } from "./support/audio.ts";
import { TestBrowser, type TestPage } from "./support/browser.ts";
import { Stack, sleep, until } from "./support/stack.ts";

/** Below those that the system gives to outgoing connections. */
const MEDIA_PORT = 18_799;
const PLANES = {
  direct: ["--public-url", `ws://127.0.0.1:${MEDIA_PORT}`, "--media-port", String(MEDIA_PORT)],
  bridged: [],
} as const;

let stack: Stack;
let browser: TestBrowser | undefined;

afterAll(() => closeSpeech());
afterEach(async () => {
  await browser?.close();
  browser = undefined;
});

const active = async (name: string): Promise<number> => {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as { name: string; active: number }[];
  return streams.find((stream) => stream.name === name)?.active ?? -1;
};

async function startCall({ page }: TestPage): Promise<void> {
  await page.getByTestId("call-button").click();
  await page.locator('[data-state="connected"]').waitFor({ timeout: 20_000 });
}

const details = ({ page }: TestPage): Promise<string | null> =>
  page.getByTestId("details").locator("summary").textContent();

/** From 300 ms before the first sound on. */
function trimmed(samples: Int16Array): Int16Array {
  return samples.subarray(Math.max(0, samples.findIndex((sample) => Math.abs(sample) > 1_000) - 4_800));
}

describe.each(Object.keys(PLANES) as (keyof typeof PLANES)[])("media that is %s", (plane) => {
  beforeAll(async () => {
    stack = await Stack.start("examples/streams.ts");
    await stack.startNode({ args: PLANES[plane] });
  });
  afterAll(() => stack.stop());

  it("falls back, takes one slot, hears and is heard, and frees its slot", async () => {
    const sentence = await clip("cards-003.wav");
    browser = await TestBrowser.launch({
      withoutUdp: true,
      microphone: concat(silence(9_000), sentence, silence(4_000)),
    });
    const tab = await browser.open(`${stack.url}/?stream=echo`);
    await startCall(tab);
    expect(await details(tab)).toBe("Details · over a WebSocket");
    expect(await active("echo")).toBe(1);
    await until(async () => levelDb((await tab.recording()).subarray(-8_000)) > -40, 20_000);
    await sleep(3_000);
    // Both ways have left the words as they were.
    expect(await getSTTModel().stt({ sampleRate: 16_000, samples: trimmed(await tab.recording()) })).toMatch(
      /seven of clubs/i,
    );
    await tab.page.getByTestId("details").locator("summary").click();
    await until(async () => (await tab.page.getByTestId("transport").textContent()) === "WebSocket");
    await tab.page.getByTestId("call-button").click();
    await until(async () => (await active("echo")) === 0);
  });

  // Where the media goes makes no difference to what the page shows, nor to a call that needs no WebSocket: once each.
  if (plane === "direct") {
    it("shows the transcript as it does over WebRTC", async () => {
      browser = await TestBrowser.launch({
        withoutUdp: true,
        microphone: concat(silence(9_000), await clip("cards-003.wav"), silence(4_000)),
      });
      const tab = await browser.open(`${stack.url}/?stream=captions`);
      await startCall(tab);
      const isHeard = async () => (await tab.texts("transcript-user")).some((text) => /seven of clubs/i.test(text));
      await until(isHeard, 20_000);
    });
  } else {
    it("stays with WebRTC where there is UDP, and says nothing of transports", async () => {
      browser = await TestBrowser.launch({ microphone: silence(2_000) });
      const tab = await browser.open(`${stack.url}/?stream=echo`);
      await startCall(tab);
      await sleep(6_000);
      expect(await details(tab)).toBe("Details");
    });
  }
});
