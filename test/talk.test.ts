/** The product as a newcomer meets it: the page in real Chromium, a person speaking, an answer that can be understood. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeSpeech, getSTTModel } from "../media-node/speech/index.ts";
import { wordErrors } from "../media-node/speech/word-errors.ts";
import { clip, concat, silence, transcripts } from "./support/audio.ts";
import { TestBrowser, type TestPage } from "./support/browser.ts";
import { Stack, sleep, until } from "./support/stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start("examples/streams.ts");
  await stack.startNode({ shards: 1 });
});
afterAll(async () => {
  await stack.stop();
  await closeSpeech();
});

const active = async (name: string): Promise<number> => {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as { name: string; active: number }[];
  return streams.find((stream) => stream.name === name)?.active ?? -1;
};

/** The text of a line without its speaker's name. */
const lines = async (page: TestPage, role: "user" | "assistant"): Promise<string[]> =>
  (await page.texts(`transcript-${role}`)).map((text) => text.replace(/^(You|Assistant)\s+/, "").trim());

async function startCall(page: TestPage): Promise<void> {
  await page.page.getByTestId("call-button").click();
  await page.page.locator('[data-state="connected"]').waitFor({ timeout: 20_000 });
}

describe("talk", () => {
  it("understands people, answers so that it is understood, for many turns, in two calls at once", async () => {
    const said = await transcripts();
    const names = Object.keys(said);
    const clips = await Promise.all(names.map(clip));
    // Each clip is followed by the time its answer takes.
    const everything = concat(
      silence(2_000),
      ...clips.flatMap((samples) => [samples, silence(samples.length / 48 + 4_500)]),
    );
    const short = await clip("cards-003.wav");
    const turn = concat(short, silence(4_800));
    const twenty = concat(silence(2_000), ...Array.from({ length: 20 }, () => turn));

    const [first, second] = await Promise.all([
      TestBrowser.launch({ microphone: everything }),
      TestBrowser.launch({ microphone: twenty }),
    ]);
    try {
      const [clipsPage, turnsPage] = await Promise.all([first.open(stack.url), second.open(stack.url)]);
      await Promise.all([startCall(clipsPage), startCall(turnsPage)]);
      expect(await active("default")).toBe(2);

      await until(async () => (await lines(clipsPage, "assistant")).length >= names.length, 120_000);
      await sleep(6_000);
      const understood = await lines(clipsPage, "user");
      expect(understood).toHaveLength(names.length);
      const perClip = names.map((name, i) => wordErrors(said[name] ?? "", understood[i] ?? ""));
      const errors = perClip.reduce((sum, clipErrors) => sum + clipErrors.errors, 0);
      const words = perClip.reduce((sum, clipErrors) => sum + clipErrors.words, 0);
      console.log(`transcripts: ${errors} of ${words} words wrong\n${understood.join("\n")}`);
      expect(errors / words).toBeLessThanOrEqual(0.1);

      // What came out of the speaker says what the page shows.
      const answers = await lines(clipsPage, "assistant");
      const heard = await transcribe(await clipsPage.recording());
      const replies = wordErrors(answers.join(" "), heard);
      console.log(`replies: ${replies.errors} of ${replies.words} words not understood\n${heard}`);
      expect(replies.errors / replies.words).toBeLessThanOrEqual(0.3);

      await until(async () => (await lines(turnsPage, "assistant")).length >= 20, 120_000);
      const turns = await lines(turnsPage, "user");
      expect(turns.filter((text) => wordErrors("seven of clubs", text).errors === 0).length).toBeGreaterThanOrEqual(19);
      expect(await turnsPage.page.locator('[data-state="connected"]').count()).toBe(1);
      await Promise.all([clipsPage, turnsPage].map(({ page }) => page.getByTestId("call-button").click()));
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
    await until(async () => (await active("default")) === 0, 5_000);
  }, 300_000);
});

describe("the page", () => {
  it("writes captions while they are said, and says nothing, on a stream of mode send", async () => {
    const browser = await TestBrowser.launch({
      microphone: concat(silence(1_500), await clip("librivox-0870.wav"), silence(4_000)),
    });
    try {
      const page = await browser.open(`${stack.url}/?stream=captions`);
      const line = page.page.getByTestId("transcript-user").first();
      await startCall(page);
      await until(async () => (await line.getAttribute("data-final")) === "false", 15_000);
      const [begun = ""] = await lines(page, "user");
      await until(async () => (await line.getAttribute("data-final")) === "true", 20_000);
      const [whole = ""] = await lines(page, "user");
      expect(whole.length).toBeGreaterThan(begun.length);
      expect(whole).toMatch(/Dashwood/);
    } finally {
      await browser.close();
    }
  });
});

/** Transcribes a long recording piece by piece, cut where it is silent. */
async function transcribe(samples: Int16Array): Promise<string> {
  const stt = getSTTModel();
  const texts: string[] = [];
  const window = 1_600;
  let start: number | undefined;
  let quiet = 0;
  for (let i = 0; i + window <= samples.length; i += window) {
    const loud = samples.subarray(i, i + window).some((sample) => Math.abs(sample) > 300);
    if (loud) {
      start ??= Math.max(0, i - window);
      quiet = 0;
    } else if (start !== undefined && ++quiet >= 8) {
      texts.push(await stt.stt({ sampleRate: 16_000, samples: samples.slice(start, i) }));
      start = undefined;
    }
  }
  if (start !== undefined) texts.push(await stt.stt({ sampleRate: 16_000, samples: samples.slice(start) }));
  return texts.join(" ");
}
