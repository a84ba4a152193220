/** `npm run soak -- --minutes 10`: the soak on this machine, its report, and an exit code. Needs a quiet machine. */
import { Command } from "commander";
import { LIMIT, runSoak, type SoakReport } from "./soak.ts";

/** The longest a call on a surviving node may be without a packet. */
const MAX_GAP_MS = 400;

interface Flags {
  readonly minutes: string;
  readonly resetEveryMs: string;
  readonly killEveryMs: string;
  readonly callMs: string;
}

async function soak(flags: Flags): Promise<void> {
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  const report = await runSoak({
    durationMs: Number(flags.minutes) * 60_000,
    resetEveryMs: Number(flags.resetEveryMs),
    killEveryMs: Number(flags.killEveryMs),
    callMs: Number(flags.callMs),
    onProgress: (line) => console.log(line),
    signal: interrupted.signal,
  });
  console.log(report);
  const failures = faultsOf(report);
  for (const failure of failures) console.error(`FAILED: ${failure}`);
  if (failures.length === 0) console.log("passed");
  process.exit(failures.length === 0 ? 0 : 1);
}

function faultsOf(report: SoakReport): string[] {
  const { dropped, worstGapMs, mostAlive, mostActive, leaked, faults } = report;
  return [
    ...(dropped.length > 0 ? [`${dropped.length} calls dropped`] : []),
    ...(worstGapMs > MAX_GAP_MS ? [`a call stalled for ${worstGapMs} ms`] : []),
    ...(mostAlive > LIMIT ? [`${mostAlive} sessions were alive at once`] : []),
    ...(mostActive > LIMIT ? [`${mostActive} slots were in use at once`] : []),
    ...(leaked > 0 ? [`${leaked} slots leaked`] : []),
    ...(faults.length > 0 ? [`${faults.length} callers met something else than an answer or a clear refusal`] : []),
  ];
}

await new Command("soak")
  .description("Twenty calls while everything is reset and nodes are killed.")
  .option("--minutes <minutes>", "how long", "10")
  .option("--reset-every-ms <ms>", "every object of the edge", "5000")
  .option("--kill-every-ms <ms>", "one node after the other", "60000")
  .option("--call-ms <ms>", "how long a call lasts, on average", "60000")
  .action(soak)
  .parseAsync();
