/**
 * FastRTC's demo pages, unmodified and served by the edge itself, with the streams and the routes of `examples/fastrtc`. The
 * pages are not part of this repository: set EDGERTC_FASTRTC_DEMOS to the `demo` folder of a FastRTC checkout to run this.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { constantModel } from "../examples/video/testing/constant-model.ts";
import { toInt16 } from "../media-node/audio/frame.ts";
import { Resampler } from "../media-node/audio/resample.ts";
import { closeSpeech, getTTSModel } from "../media-node/speech/index.ts";
import { drawCode } from "../media-node/video/codec/testing/coded-picture.ts";
import { clip, concat, levelDb, silence } from "./support/audio.ts";
import { TestBrowser } from "./support/browser.ts";
import { START_BUTTON, watchComplaints } from "./support/fastrtc-pages.ts";
import { Stack, until } from "./support/stack.ts";

const DEMOS = process.env["EDGERTC_FASTRTC_DEMOS"] ?? "";

interface Example {
  readonly name: string;
  readonly button?: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** What is said instead of the two clips. */
  readonly say?: string;
  /** Where it shows what comes; default `.message`. */
  readonly shownIn?: string;
  /** What it shows, in the end, and in this order. Empty: it only speaks. */
  readonly shows: readonly RegExp[];
}

const CLUBS = /seven of clubs/i;
const METERS = /forward (ten|10) met/i;
/** The user's own line is a recording, not a text. */
const RECORDING = /^$/;

const EXAMPLES: readonly Example[] = [
  { name: "hello_computer", say: "Hello, computer, what is the time?", shows: [RECORDING, /you said.*computer/i] },
  { name: "send_text_or_audio", shows: [RECORDING, CLUBS, RECORDING, METERS] },
  { name: "talk_to_azure_openai", shows: [CLUBS, METERS] },
  { name: "talk_to_claude", shows: [CLUBS, CLUBS, METERS, METERS] },
  { name: "talk_to_gemini", fields: { "#api-key": "a-key" }, shows: [] },
  { name: "talk_to_llama4", shows: [CLUBS, CLUBS, METERS, METERS] },
  { name: "talk_to_openai", shows: [CLUBS, CLUBS, METERS, METERS] },
  { name: "talk_to_sambanova", shows: [RECORDING, CLUBS, RECORDING, METERS] },
  { name: "webrtc_vs_websocket", button: "#webrtc-button", shows: [CLUBS, CLUBS, METERS, METERS] },
  { name: "whisper_realtime", shownIn: "#transcript p", shows: [CLUBS, METERS] },
];

async function microphone(say: string | undefined): Promise<Int16Array> {
  if (say !== undefined) {
    const { sampleRate, samples } = await getTTSModel().tts(say);
    const spoken = new Resampler(sampleRate, 48_000).process(toInt16(samples));
    return concat(silence(2_500), spoken, silence(1_000));
  }
  const [first, second] = await Promise.all([clip("cards-003.wav"), clip("goforward.wav")]);
  return concat(silence(2_500), first, silence(6_000), second, silence(1_000));
}

describe.skipIf(DEMOS === "")("FastRTC's pages with the examples' routes (EDGERTC_FASTRTC_DEMOS)", () => {
  let stack: Stack | undefined;
  /** Of the test's own model. */
  let folder: string | undefined;
  let browser: TestBrowser | undefined;
  afterEach(async () => {
    await browser?.close();
    await stack?.stop();
    vi.unstubAllEnvs();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  afterAll(() => closeSpeech());

  async function start({ name, say, button = START_BUTTON, fields = {} }: Example) {
    const page = path.join(DEMOS, name);
    const file = `${name}.ts`;
    stack = await Stack.start(`examples/fastrtc/streams/${file}`, {}, `examples/fastrtc/workers/${file}`, page);
    const node = await stack.startNode();
    browser = await TestBrowser.launch({ microphone: await microphone(say) });
    const complaints = watchComplaints(browser, stack.url);
    const tab = await browser.open(`${stack.url}/`);
    for (const [selector, value] of Object.entries(fields)) await tab.page.fill(selector, value);
    await tab.page.click(button);
    return { tab, node, complaints };
  }

  it.each(EXAMPLES)("$name shows what the handler says, turn by turn", async (example) => {
    const { name, shownIn = ".message", shows } = example;
    const { tab, node, complaints } = await start(example);
    const shown = () => tab.page.locator(shownIn).allInnerTexts();
    if (shows.length === 0) {
      await until(async () => levelDb((await tab.recording()).subarray(-16_000)) > -50, 20_000);
    } else {
      await until(async () => (await shown()).length >= shows.length, 30_000);
      expect((await shown()).map((text) => text.trim())).toEqual(shows.map((text) => expect.stringMatching(text)));
    }
    if (name === "send_text_or_audio") {
      await tab.page.fill("#text-input", "typed by hand");
      await tab.page.press("#text-input", "Enter");
      await tab.page.locator(shownIn).filter({ hasText: "You said: typed by hand" }).waitFor({ timeout: 5_000 });
    }
    expect(node.log()).not.toContain("a-key");
    expect(complaints).toEqual([]);
  });

  it("object_detection shows its boxes, as many as its slider says", async () => {
    const name = "object_detection";
    // A model that sees a large box in every picture, and is half sure of it.
    const rows = new Float32Array(21 * 7);
    rows.set([0.5, 0.5, Math.log(2), Math.log(2), 0.7, 0.7, 0], 5 * 7);
    folder = await mkdtemp(path.join(tmpdir(), "edgertc-detector-"));
    const model = path.join(folder, "model.onnx");
    await writeFile(model, constantModel(32, rows, 7));
    vi.stubEnv("DETECTOR_MODEL", model);
    stack = await Stack.start(
      `examples/fastrtc/streams/${name}.ts`,
      {},
      `examples/fastrtc/workers/${name}.ts`,
      path.join(DEMOS, name),
    );
    await stack.startNode();
    const frames = function* () {
      for (let n = 1; n <= 60; n++) yield drawCode(n * 997, 640, 480, 0);
    };
    browser = await TestBrowser.launch({ camera: { frames: frames(), framesPerSecond: 10 } });
    const complaints = watchComplaints(browser, stack.url);
    const { page } = await browser.open(`${stack.url}/`);
    await page.click(START_BUTTON);
    await until(async () => (await page.evaluate(boxPixels)) > 1_000, 30_000);
    await slide(page, "1");
    await until(async () => {
      const counts = [await page.evaluate(boxPixels), await page.evaluate(boxPixels), await page.evaluate(boxPixels)];
      return counts.every((pixels) => pixels < 100);
    }, 20_000);
    await slide(page, "0.1");
    await until(async () => (await page.evaluate(boxPixels)) > 1_000, 20_000);
    expect(complaints).toEqual([]);
    await page.click(START_BUTTON);
  });
});

/** Runs in the page: pixels of the result that have the boxes' colour. */
async function boxPixels(): Promise<number> {
  const video = document.querySelector<HTMLVideoElement>("#video-output");
  if (video === null || video.videoWidth === 0) return 0;
  await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const context = canvas.getContext("2d");
  context?.drawImage(video, 0, 0);
  const { data } = context?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: new Uint8ClampedArray() };
  let pixels = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [red = 0, green = 0, blue = 0] = data.subarray(i, i + 3);
    if (green > 170 && green - red > 80 && green - blue > 40) pixels++;
  }
  return pixels;
}

async function slide(page: Page, value: string): Promise<void> {
  await page.locator("#conf-threshold").evaluate((slider, moved) => {
    if (slider instanceof HTMLInputElement) slider.value = moved;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }, value);
}
