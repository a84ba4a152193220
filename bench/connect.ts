/** How fast a browser is in a call: Chromium, one call after the other, and forty at once from one page. */
import { tone } from "../test/support/audio.ts";
import { TestBrowser } from "../test/support/browser.ts";
import { startMeter } from "./lib/machine.ts";
import { type CallPlan, makeCalls, type PageResult } from "./lib/page-calls.ts";
import { summarize } from "./lib/percentiles.ts";
import {
  atLeast,
  atMost,
  type Figure,
  type Measurement,
  median,
  type Row,
  type RowContext,
  type Scale,
} from "./lib/row.ts";
import type { IceMode } from "./lib/server.ts";
import { abortable, sleep } from "./lib/wait.ts";

const CALL_TIMEOUT_MS = 10_000;
const AT_ONCE = 40;
/** Chromium is busy with itself after its start. */
const SETTLE_MS = 1_500;

export function connectRows({ quick }: Scale): Row[] {
  const count = quick ? 6 : 30;
  const oneByOne = (ice: IceMode, connectedTargetMs: number): Row => ({
    title: `connect · Chromium, ${ice === "full" ? "full ICE" : "ICE-lite"}, ${count} one after the other`,
    server: ice,
    estimateMs: 8_000 + 450 * count,
    measure: async (context) => {
      const { result, ...rest } = await callFromChromium(context, plan(count, false));
      return { ...rest, figures: sequentialFigures(result, count, connectedTargetMs) };
    },
  });
  const together = (ice: IceMode): Row => ({
    title: `connect · Chromium, ${ice === "full" ? "full ICE" : "ICE-lite"}, ${AT_ONCE} at once`,
    server: ice,
    estimateMs: 12_000,
    measure: async (context) => {
      const { result, ...rest } = await callFromChromium(context, plan(AT_ONCE, true));
      return { ...rest, figures: togetherFigures(result) };
    },
  });
  return [oneByOne("lite", 40), oneByOne("full", 110), together("lite"), together("full")];
}

function plan(count: number, atOnce: boolean): CallPlan {
  return { path: "/loopback", count, atOnce, timeoutMs: CALL_TIMEOUT_MS };
}

async function callFromChromium({ server, pinning, signal }: RowContext, calls: CallPlan) {
  const browser = await TestBrowser.launch({ microphone: tone(1_000, 300), loop: true });
  try {
    const page = await browser.context.newPage();
    // Any page of the edge's own: its origin may use the microphone and post offers.
    await page.goto(`${server.url}/streams`);
    if (calls.atOnce) await abortable(page.evaluate(makeCalls, { ...calls, count: 1, atOnce: false }), signal);
    await sleep(SETTLE_MS, signal);
    const stop = startMeter(server.pid, pinning);
    const result = await abortable(page.evaluate(makeCalls, calls), signal);
    const usage: Measurement["usage"] = stop();
    const [failure] = result.failures;
    if (result.calls.length === 0) throw new Error(`No call came up: ${failure}`);
    if (failure !== undefined) console.error(`  ${result.failures.length} calls failed: ${failure}`);
    return { result, usage };
  } finally {
    await browser.close();
  }
}

function sequentialFigures({ calls }: PageResult, count: number, connectedTargetMs: number): Figure[] {
  const of = (key: "answerMs" | "connectedMs" | "firstReplyMs") => summarize(calls.map((times) => times[key]));
  return [
    median("POST → answer", of("answerMs"), { fastRtc: "108" }),
    median("POST → connected", of("connectedMs"), { target: atMost(connectedTargetMs), fastRtc: "132" }),
    median("POST → first reply packet", of("firstReplyMs"), { target: atMost(120), fastRtc: "290" }),
    { name: "calls connected", value: (100 * calls.length) / count, unit: "%", target: atLeast(100) },
  ];
}

function togetherFigures({ calls, allMs }: PageResult): Figure[] {
  const connected = (100 * calls.length) / AT_ONCE;
  return [
    { name: "all connected after", value: connected < 100 ? Number.NaN : allMs, unit: "ms", target: atMost(1_200) },
    median("POST → answer", summarize(calls.map(({ answerMs }) => answerMs))),
    median("POST → connected", summarize(calls.map(({ connectedMs }) => connectedMs))),
    { name: "calls connected", value: connected, unit: "%", target: atLeast(100) },
  ];
}
