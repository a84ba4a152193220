/**
 * `npm run bench [names...]`: the project's speed, measured on the real thing: the edge in workerd and one media node on
 * one core, the client on another. `node bench/main.ts --help` has the options.
 */
import { Argument, Command } from "commander";
import { admissionRows } from "./admission.ts";
import { connectRows } from "./connect.ts";
import { idleRows } from "./idle.ts";
import { pinClient } from "./lib/pinning.ts";
import { appendJson, printFailure, printHead, printResult, printSummary } from "./lib/report.ts";
import type { Row, Scale } from "./lib/row.ts";
import { run } from "./lib/runner.ts";
import { ServerHost } from "./lib/server.ts";
import { loopbackRows } from "./loopback.ts";
import { offerRows } from "./offer.ts";
import { telephoneRows } from "./telephone.ts";
import { turnsRows } from "./turns.ts";
import { videoRows } from "./video.ts";
import { voiceRows } from "./voice.ts";
import { webSocketRows } from "./websocket.ts";

const BENCHMARKS = new Map<string, (scale: Scale) => Row[]>([
  ["offer", offerRows],
  ["loopback", loopbackRows],
  ["idle", idleRows],
  ["turns", turnsRows],
  ["connect", connectRows],
  ["admission", admissionRows],
  ["voice", voiceRows],
  ["video", videoRows],
  ["websocket", webSocketRows],
  ["telephone", telephoneRows],
]);
/** Run only where they are named: seven minutes, and two each. */
const NAMED_ONLY: ReadonlySet<string> = new Set(["voice", "video", "websocket", "telephone"]);
/** Measuring again included. */
const MIN_BUDGET_MS = 6 * 60_000;
const BUDGET_PER_ESTIMATE = 2;
const MAX_ATTEMPTS = 3;

interface Flags {
  readonly quick?: true;
  readonly more?: true;
  readonly json?: string;
}

async function bench(names: readonly string[], flags: Flags): Promise<void> {
  const scale = { quick: flags.quick ?? false, more: flags.more ?? false };
  const rows = [...BENCHMARKS].flatMap(([name, rowsOf]) =>
    names.includes(name) || (names.length === 0 && !NAMED_ONLY.has(name)) ? rowsOf(scale) : [],
  );
  const estimateMs = rows.reduce((sum, row) => sum + row.estimateMs, 0);
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new Error("Interrupted."));
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  const pinning = pinClient();
  printHead(pinning);
  const host = await ServerHost.open(pinning);
  try {
    const { results, failed } = await run({
      rows,
      host,
      pinning,
      attempts: scale.quick ? 1 : MAX_ATTEMPTS,
      budgetMs: Math.max(MIN_BUDGET_MS, BUDGET_PER_ESTIMATE * estimateMs),
      signal: interrupted.signal,
      onResult: async (result) => {
        printResult(result, pinning);
        if (flags.json !== undefined) await appendJson(flags.json, result);
      },
      onFailure: printFailure,
    });
    printSummary(results);
    if (failed > 0 || interrupted.signal.aborted) process.exitCode = 1;
  } finally {
    await host.close();
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

await new Command("bench")
  .description("Measure EdgeRTC on this machine. Needs a quiet one, Chromium for `connect`, and about five minutes.")
  .addArgument(
    new Argument(
      "[names...]",
      "what to measure; everything but `voice`, `video`, `websocket` and `telephone` if none is named",
    ).choices([...BENCHMARKS.keys()]),
  )
  .option("--quick", "shorter rows: to see whether it works, not how fast it is")
  .option("--more", "loopback with 40 sessions, too")
  .option("--json <file>", "append the results to a file, one JSON object a line")
  .action(bench)
  .parseAsync();
