/**
 * The network of a real Chromium changes in mid-call: its interface goes down, comes back with another address, or gives way to
 * another one. The session goes on, what is heard is back soon, and no text of either side is lost.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tone } from "./support/audio.ts";
import { TestBrowser } from "./support/browser.ts";
import { networkMissing, TestNetwork } from "./support/network.ts";
import { buildNetworkPage, type Notes } from "./support/network-page.ts";
import { Stack, sleep, until } from "./support/stack.ts";

/**
 * From the moment that there is another network, or where there was one all along, that the old one is gone. Where the machine has
 * nothing else to do it is under two seconds; this is for one that has. Chromium alone says after seven that there is something amiss.
 */
const BACK_WITHIN_MS = 6_000;

const missing = networkMissing();
if (missing !== null) console.warn(`network changes are not tested: ${missing}`);

describe.skipIf(missing !== null)("a call whose network changes", () => {
  let folder: string;
  let stack: Stack;
  let network: TestNetwork;
  let browser: TestBrowser;
  let notes: () => Promise<Notes>;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "edgertc-network-page-"));
    await buildNetworkPage(folder);
    stack = await Stack.start("test/fixtures/network-streams.ts", {}, undefined, folder);
    await stack.startNode();
    network = await TestNetwork.create();
    const origin = await network.expose(stack.url);
    const microphone = tone(10_000, 440);
    browser = await TestBrowser.launch({ network: { inside: network, origin }, microphone, loop: true });
    const { page } = await browser.open(`${origin}/call.html`);
    notes = () => page.evaluate(() => (globalThis as unknown as { notes(): Notes }).notes());
    await until(async () => {
      const { state, nowMs, loudAtMs } = await notes();
      return state === "connected" && loudAtMs > 0 && nowMs - loudAtMs < 100;
    }, 20_000);
    await sleep(500);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
    await network?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  /** Changes it. @returns how long after `change` had settled something was heard again, in milliseconds. */
  async function untilHeard(change: () => Promise<void>): Promise<number> {
    const before = await notes();
    await change();
    const changed = await notes();
    await until(async () => {
      const { state, states, nowMs, loudAtMs } = await notes();
      const noticed = states.slice(before.states.length).includes("interrupted");
      return noticed && state === "connected" && nowMs - loudAtMs < 100;
    }, 20_000);
    // It stays.
    await sleep(1_000);
    const after = await notes();
    // Where the silence was too short to be one, it was over at once.
    const ends = after.silences.map(([, toMs]) => toMs - changed.nowMs).filter((afterMs) => afterMs > 0);
    const backMs = Math.max(0, ...ends);
    expect(after.state).toBe("connected");
    expect(after.sid).toBe(before.sid);
    expect(after.states.filter((name) => name === "connecting")).toHaveLength(1);
    await heardAll();
    return backMs;
  }

  /** Each side has had every text of the other's, in order and once. */
  async function heardAll(): Promise<void> {
    const { sent } = await notes();
    await until(async () => (await notes()).texts.includes(`had ${sent}`));
    const { texts } = await notes();
    const numbers = (word: string) =>
      texts.filter((text) => text.startsWith(`${word} `)).map((text) => Number(text.slice(word.length + 1)));
    const counted = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
    expect(numbers("tick")).toEqual(counted(numbers("tick").length));
    expect(numbers("had")).toEqual(counted(numbers("had").length));
  }

  // One call, which goes through all of it.
  it.each([
    [
      "goes away while another one is up, so that the browser notices nothing",
      async () => {
        await network.up("mobile", 3);
        await sleep(500);
        await network.down("wifi");
      },
    ],
    [
      "gives way to another one",
      async () => {
        await network.down("mobile");
        await network.up("wifi", 2);
      },
    ],
    ["gets another address", () => network.move("wifi", 9)],
    [
      "is down for three seconds and comes back with another address",
      async () => {
        await network.down("wifi");
        await sleep(3_000);
        await network.up("wifi", 7);
      },
    ],
  ])("whose interface %s", async (what, change) => {
    const backMs = await untilHeard(change);
    console.info(`${what}: heard again after ${Math.round(backMs)} ms`);
    expect(backMs).toBeLessThan(BACK_WITHIN_MS);
  });
});
