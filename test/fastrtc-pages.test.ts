/**
 * FastRTC's own demo pages, unmodified, against the real edge and a real node. They are not part of this repository: set
 * EDGERTC_FASTRTC_DEMOS to the `demo` folder of a FastRTC checkout to run this.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { g711 } from "../media-node/audio/g711.ts";
import { Resampler } from "../media-node/audio/resample.ts";
import { closeSpeech, getSTTModel } from "../media-node/speech/index.ts";
import { wordErrors } from "../media-node/speech/word-errors.ts";
import { clip, concat, levelDb, silence } from "./support/audio.ts";
import { TestBrowser, type TestPage } from "./support/browser.ts";
import {
  channelLogs,
  type DemoPage,
  DemoSite,
  OUTPUT_TEXT,
  SEND_PAGES,
  START_BUTTON,
  VOICE_PAGES,
  watchComplaints,
} from "./support/fastrtc-pages.ts";
import { mulawScript } from "./support/mulaw-script.ts";
import { Stack, sleep, until } from "./support/stack.ts";

const DEMOS = process.env["EDGERTC_FASTRTC_DEMOS"] ?? "";
const SAID = ["seven of clubs", "go forward ten meters"];
const TURN = ["started_talking", "pause_detected", "response_starting"];
const FAILED_TURN = ["started_talking", "pause_detected"];

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

/** Waits for the page's own words of an error. */
async function showsError({ page }: TestPage, text: string): Promise<void> {
  await page.locator("#error-toast").filter({ hasText: text, visible: true }).waitFor({ timeout: 10_000 });
}

/** Calls from a second tab, while the only line is busy. */
async function callWhileBusy(site: DemoSite, demo: DemoPage): Promise<void> {
  const tab = await site.visit(demo);
  await tab.page.click(demo.button ?? START_BUTTON);
  if (demo.showsRefusals === false) {
    // This page takes the refusal for an answer: all it has is its log.
    await until(() => site.complaints.length > 0);
    expect(site.complaints.splice(0)).toEqual([expect.stringContaining("WebRTC setup error")]);
  } else {
    await showsError(tab, "Too many connections. Maximum limit is 1");
  }
  await tab.page.close();
  expect(await active()).toBe(1);
}

interface Visit {
  /** What came from the stream, 16 kHz. */
  readonly heard: Int16Array;
  /** Whether the page's own player was running. */
  readonly playing: boolean;
}

/**
 * A whole visit: connect, a second tab that finds the line busy, two turns, hang up.
 * @param logs what the page is told in those turns.
 * @param error what goes wrong in them, which the page is to show.
 */
async function visit(demo: DemoPage, logs: readonly string[], error?: string): Promise<Visit> {
  const { button = START_BUTTON, connected = { selector: button, text: /^\s*Stop/ }, outputs = ".message" } = demo;
  const browser = await TestBrowser.launch({ microphone: await twoTurns() });
  try {
    const site = await DemoSite.open(browser, stack.url, DEMOS);
    const tab = await site.visit(demo);
    await tab.page.click(button);
    await tab.page.locator(connected.selector).filter({ hasText: connected.text }).waitFor({ timeout: 10_000 });
    expect(await active()).toBe(1);
    if (outputs !== null) await tab.page.locator(outputs).filter({ hasText: OUTPUT_TEXT }).waitFor();
    await callWhileBusy(site, demo);

    await until(async () => (await channelLogs(tab)).length >= logs.length, 20_000);
    if (error === undefined) await sleep(3_000);
    else await showsError(tab, error);
    expect(await channelLogs(tab)).toEqual(logs);

    const playing = await tab.page.evaluate(() =>
      [...document.querySelectorAll("audio")].some((audio) => !audio.paused && audio.currentTime > 0),
    );
    await tab.page.click(button);
    await until(async () => (await active()) === 0, 5_000);
    expect(site.complaints).toEqual([]);
    return { heard: await tab.recording(), playing };
  } finally {
    await browser.close();
  }
}

/** What is said in a 16 kHz recording, cut where it is silent for 0.8 s. */
function utterances(samples: Int16Array): Int16Array[] {
  const window = 1_600;
  const found: Int16Array[] = [];
  let start: number | undefined;
  let quiet = 0;
  for (let i = 0; i < samples.length; i += window) {
    if (samples.subarray(i, i + window).some((sample) => Math.abs(sample) > 300)) {
      start ??= Math.max(0, i - window);
      quiet = 0;
    } else if (start !== undefined && ++quiet === 8) {
      found.push(samples.slice(start, i));
      start = undefined;
    }
  }
  if (start !== undefined) found.push(samples.slice(start));
  return found;
}

describe.skipIf(DEMOS === "")("FastRTC's pages (EDGERTC_FASTRTC_DEMOS names their folder)", () => {
  // A page that did not get as far as hanging up vanishes with its browser, which takes the node 20 s to notice.
  afterEach(() => until(async () => (await active()) === 0, 30_000));

  describe("on a stream that speaks", () => {
    beforeAll(() => startStack("test/fixtures/root-echo.ts"));
    afterAll(async () => {
      await stack.stop();
      await closeSpeech();
    });

    it.each(VOICE_PAGES)("$name connects, converses, hangs up, and says when the line is busy", async (demo) => {
      const { heard, playing } = await visit(demo, [...TURN, ...TURN]);
      expect(playing).toBe(true);
      const replies = utterances(heard);
      const words = await Promise.all(replies.map((samples) => getSTTModel().stt({ sampleRate: 16_000, samples })));
      console.log(`${demo.name}: ${replies.map((samples, i) => `${levelDb(samples).toFixed(0)} dB "${words[i]}"`)}`);
      expect(words).toHaveLength(SAID.length);
      for (const [i, said] of SAID.entries()) expect(wordErrors(said, words[i] ?? "").errors).toBeLessThanOrEqual(1);
    });

    it("object_detection is told that the stream takes no video, and takes no line", async () => {
      const browser = await TestBrowser.launch();
      try {
        const site = await DemoSite.open(browser, stack.url, DEMOS);
        const tab = await site.visit({ name: "object_detection" });
        await tab.page.click(START_BUTTON);
        await showsError(tab, "unsupported_track_kind");
        expect(site.complaints).toEqual([`400 ${stack.url}/webrtc/offer`]);
        expect(await active()).toBe(0);
      } finally {
        await browser.close();
      }
    });
  });

  describe("on a stream with two lines", () => {
    let folder: string;
    // The page has to come from a server: Chromium keeps one that a test made up from opening a WebSocket to this machine.
    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), "edgertc-page-"));
      const html = await readFile(path.join(DEMOS, "webrtc_vs_websocket", "index.html"), "utf8");
      await writeFile(path.join(folder, "index.html"), html.replaceAll("__RTC_CONFIGURATION__", "null"));
      stack = await Stack.start("test/fixtures/two-conversations.ts", {}, undefined, folder);
      await stack.startNode({ args: ["--public-url", "ws://127.0.0.1:18790", "--media-port", "18790"] });
    });
    afterAll(async () => {
      await stack.stop();
      await rm(folder, { recursive: true, force: true });
      await closeSpeech();
    });

    it("webrtc_vs_websocket holds both conversations at once", async () => {
      const browser = await TestBrowser.launch({ microphone: await twoTurns() });
      try {
        const complaints = watchComplaints(browser, stack.url);
        await browser.context.route(/alawmulaw/, (route) =>
          route.fulfill({ contentType: "text/javascript", body: mulawScript() }),
        );
        const tab = await browser.open(`${stack.url}/`);
        const { page } = tab;
        const pieces: Buffer[] = [];
        page.on("websocket", (socket) =>
          socket.on("framereceived", ({ payload }) => {
            const message = JSON.parse(String(payload)) as { event?: string; media?: { payload: string } };
            if (message.event === "media") pieces.push(Buffer.from(message.media?.payload ?? "", "base64"));
          }),
        );
        await page.click("#webrtc-button");
        await page.click("#ws-button");
        await until(async () => (await active()) === 2);
        for (const rtt of ["#webrtc-rtt", "#ws-rtt"]) {
          await page
            .locator(rtt)
            .filter({ hasText: /^[\d.]+ms$/ })
            .waitFor();
        }
        // The WebSocket's turns come through its event stream, which the page opens before the socket.
        for (const chat of ["#webrtc-chat", "#ws-chat"]) {
          await page.locator(`${chat} .message`).filter({ hasText: "turn 2" }).waitFor({ timeout: 20_000 });
        }
        await sleep(3_000);
        const heard = new Resampler(24_000, 16_000).process(g711("mulaw").decode(Buffer.concat(pieces)));
        for (const recording of [heard, await tab.recording()]) {
          const texts = utterances(recording).map((samples) => getSTTModel().stt({ sampleRate: 16_000, samples }));
          const words = (await Promise.all(texts)).join(" ");
          console.log(`${levelDb(recording).toFixed(0)} dB "${words}"`);
          expect(wordErrors(SAID.join(" "), words).errors).toBeLessThanOrEqual(2);
        }
        await page.click("#webrtc-button");
        await page.click("#ws-button");
        await until(async () => (await active()) === 0, 5_000);
        expect(complaints).toEqual([]);
      } finally {
        await browser.close();
      }
    });
  });

  describe("on a stream that only listens", () => {
    beforeAll(() => startStack("test/fixtures/root-send.ts"));
    afterAll(() => stack.stop());

    it.each(SEND_PAGES)(
      "$name connects, takes turns, shows what failed, hangs up, and says when the line is busy",
      async (demo) => {
        const { heard, playing } = await visit(demo, [...TURN, ...FAILED_TURN], "not in the mood");
        expect(playing).toBe(false);
        expect(heard).toHaveLength(0);
      },
    );
  });
});
