/** `npm run soak:voice -- --minutes 10`: voice calls in real time on this machine, a report of memory, and an exit code. */
import { Command } from "commander";
import { soakVoice, voiceFailures } from "./voice.ts";

async function soak({ minutes }: { readonly minutes: string }): Promise<void> {
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  const report = await soakVoice({
    durationMs: Number(minutes) * 60_000,
    onProgress: (line) => console.log(line),
    signal: interrupted.signal,
  });
  console.log(report);
  const failures = voiceFailures(report);
  for (const failure of failures) console.error(`FAILED: ${failure}`);
  if (failures.length === 0) console.log("passed");
  process.exit(failures.length === 0 ? 0 : 1);
}

await new Command("soak:voice")
  .description("Callers who talk for minutes, and callers who come and go: memory of the session process.")
  .option("--minutes <minutes>", "how long", "10")
  .action(soak)
  .parseAsync();
