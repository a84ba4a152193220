/**
 * FastRTC's own demo pages, unmodified, against the real edge and a real node. They are not part of this repository: set
 * EDGERTC_FASTRTC_DEMOS to the `demo` folder of a FastRTC checkout to run this.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeSpeech, getSTTModel } from "../media-node/speech/index.ts";
import { clip, concat, levelDb, silence, wordErrors } from "./support/audio.ts";
import { TestBrowser, type TestPage } from "./support/browser.ts";
import { channelLogs, type DemoPage, DemoSite, OUTPUT_TEXT, SEND_PAGES, VOICE_PAGES } from "./support/fastrtc-pages.ts";
import { Stack, sleep, until } from "./support/stack.ts";

const DEMOS = process.env["EDGERTC_FASTRTC_DEMOS"] ?? "";
const TURN = ["started_talking", "pause_detected", "response_starting"];
const START_BUTTON = "#start-button";

let stack: Stack;

async function startStack(streams: string): Promise<void> {
  stack = await Stack.start(streams);
  await stack.startNode();
}

const active = async (): Promise<number | undefined> => {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as { name: string; active: number }[];
  return streams.find((stream) => stream.name === "default")?.active;
};

/** Two sentences, with time for a reply after each. */
async function twoTurns(): Promise<Int16Array> {
  const [first, second] = await Promise.all([clip("cards-003.wav"), clip("goforward.wav")]);
  return concat(silence(2_000), first, silence(4_000), second, silence(1_000));
}

async function press({ page }: TestPage, { button = START_BUTTON }: DemoPage): Promise<void> {
  await page.click(button);
}

async function showsConnected({ page }: TestPage, demo: DemoPage): Promise<void> {
  const { selector, text } = demo.connected ?? { selector: START_BUTTON, text: /^\s*Stop/ };
  await page.locator(selector).filter({ hasText: text }).waitFor({ timeout: 10_000 });
}

/** Calls from a second tab, while the only line is busy. */
async function callWhileBusy(site: DemoSite, demo: DemoPage): Promise<void> {
  const tab = await site.visit(demo);
  await press(tab, demo);
  if (demo.showsRefusals === false) {
    // This page takes the refusal for an answer: all it has is its log.
    await until(() => site.complaints.length > 0);
    expect(site.complaints.splice(0)).toEqual([expect.stringContaining("WebRTC setup error")]);
  } else {
    const toast = tab.page.locator("#error-toast").filter({ hasText: "Too many connections. Maximum limit is 1" });
    await toast.waitFor({ timeout: 10_000 });
  }
  await tab.page.close();
  expect(await active()).toBe(1);
}

/** A whole visit: connect, a second tab that finds the line busy, two turns, hang up. @returns what the page played. */
async function visit(demo: DemoPage): Promise<Int16Array> {
  const browser = await TestBrowser.launch({ microphone: await twoTurns() });
  try {
    const site = await DemoSite.open(browser, stack.url, DEMOS);
    const tab = await site.visit(demo);
    await press(tab, demo);
    await showsConnected(tab, demo);
    expect(await active()).toBe(1);
    const { outputs = ".message" } = demo;
    if (outputs !== null) await tab.page.locator(outputs).filter({ hasText: OUTPUT_TEXT }).waitFor();
    await callWhileBusy(site, demo);

    await until(async () => (await channelLogs(tab)).length >= 2 * TURN.length, 20_000);
    await sleep(3_000);
    expect(await channelLogs(tab)).toEqual([...TURN, ...TURN]);
    const typing = tab.page.locator("#typing-indicator");
    if ((await typing.count()) > 0) expect(await typing.getAttribute("style")).toContain("display: none");

    await press(tab, demo);
    await until(async () => (await active()) === 0, 5_000);
    expect(site.complaints).toEqual([]);
    return await tab.recording();
  } finally {
    await browser.close();
  }
}

describe.skipIf(DEMOS === "")("FastRTC's pages (EDGERTC_FASTRTC_DEMOS names their folder)", () => {
  describe("on a stream that speaks", () => {
    beforeAll(() => startStack("test/fixtures/root-echo.ts"));
    afterAll(async () => {
      await stack.stop();
      await closeSpeech();
    });

    it.each(VOICE_PAGES)("$name connects, converses, hangs up, and says when the line is busy", async (demo) => {
      const heard = await visit(demo);
      const words = await getSTTModel().stt({ sampleRate: 16_000, samples: heard });
      console.log(`${demo.name}: ${levelDb(heard).toFixed(1)} dB, "${words}"`);
      expect(wordErrors("seven of clubs go forward ten meters", words).errors).toBeLessThanOrEqual(1);
    });

    it.todo("webrtc_vs_websocket converses over its WebSocket too, once the edge has /websocket/offer");
    it.todo("object_detection shows the frames that come back, once there are video streams");

    it("object_detection is told that the stream takes no video, and takes no line", async () => {
      const browser = await TestBrowser.launch();
      try {
        const site = await DemoSite.open(browser, stack.url, DEMOS);
        const tab = await site.visit({ name: "object_detection" });
        await tab.page.click(START_BUTTON);
        await tab.page.locator("#error-toast").filter({ hasText: "unsupported_track_kind" }).waitFor();
        expect(site.complaints).toEqual([`400 ${stack.url}/webrtc/offer`]);
        expect(await active()).toBe(0);
      } finally {
        await browser.close();
      }
    });
  });

  describe("on a stream that only listens", () => {
    beforeAll(() => startStack("test/fixtures/root-send.ts"));
    afterAll(() => stack.stop());

    it.each(SEND_PAGES)("$name connects, takes turns, hangs up, and says when the line is busy", async (demo) => {
      expect(await visit(demo)).toHaveLength(0);
    });
  });
});
