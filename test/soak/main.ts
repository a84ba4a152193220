/** `npm run soak -- --minutes 10`: the soak on this machine, its report, and an exit code. Needs a quiet machine. */
import { Command } from "commander";
import { runSoak } from "./soak.ts";
import { failuresOf } from "./verdict.ts";

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
  const failures = failuresOf(report);
  for (const failure of failures) console.error(`FAILED: ${failure}`);
  if (failures.length === 0) console.log("passed");
  process.exit(failures.length === 0 ? 0 : 1);
}

await new Command("soak")
  .description("Twenty calls while everything is reset and nodes are killed.")
  .option("--minutes <minutes>", "how long", "10")
  .option("--reset-every-ms <ms>", "every object of the edge", "5000")
  .option("--kill-every-ms <ms>", "one node after the other", "60000")
  .option("--call-ms <ms>", "how long a call lasts, on average", "60000")
  .action(soak)
  .parseAsync();
