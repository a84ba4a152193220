/**
 * FastRTC's demo pages, unmodified and served by the edge itself, with the streams and the routes of `examples/fastrtc`. The
 * pages are not part of this repository: set EDGERTC_FASTRTC_DEMOS to the `demo` folder of a FastRTC checkout to run this.
 */
import path from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { toInt16 } from "../media-node/audio/frame.ts";
import { Resampler } from "../media-node/audio/resample.ts";
import { closeSpeech, getTTSModel } from "../media-node/speech/index.ts";
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
  { name: "hello_computer", say: "Hello computer.", shows: [RECORDING, /you said.*computer/i] },
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
  let browser: TestBrowser | undefined;
  afterEach(async () => {
    await browser?.close();
    await stack?.stop();
  });
  afterAll(() => closeSpeech());

  async function start({ name, say, button = START_BUTTON, fields = {} }: Example) {
    const folder = path.join(DEMOS, name);
    const file = `${name}.ts`;
    stack = await Stack.start(`examples/fastrtc/streams/${file}`, {}, `examples/fastrtc/workers/${file}`, folder);
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
});
