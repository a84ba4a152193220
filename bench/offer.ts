/** How fast an offer is answered, one after the other, and what a set-up costs the server. */
import { LoadClient } from "./lib/load-client.ts";
import { startMeter } from "./lib/machine.ts";
import { summarize } from "./lib/percentiles.ts";
import { atMost, type Measurement, median, type Row, type RowContext, type Scale } from "./lib/row.ts";
import { sleep } from "./lib/wait.ts";

const OFFERS = 30;
const BETWEEN_MS = 150;

export function offerRows({ quick }: Scale): Row[] {
  const count = quick ? 8 : OFFERS;
  return (["full", "lite"] as const).map((ice) => ({
    title: `offer · ${ice === "full" ? "full ICE" : "ICE-lite"}, ${count} one after the other`,
    server: ice,
    estimateMs: 4_000 + 350 * count,
    measure: (context) => measure(context, count),
  }));
}

async function measure({ server, pinning, signal }: RowContext, count: number): Promise<Measurement> {
  const answersMs: number[] = [];
  const stop = startMeter(server.pid, pinning);
  for (let i = 0; i < count; i++) {
    const client = new LoadClient();
    try {
      answersMs.push(await client.connect(`${server.url}/loopback`, signal));
    } finally {
      await client.close();
    }
    await sleep(BETWEEN_MS, signal);
  }
  const usage = stop();
  return {
    usage,
    figures: [
      median("offer → answer", summarize(answersMs), { target: atMost(30), fastRtc: "107" }),
      { name: "server CPU per call set up and ended", value: usage.serverCpuMs / count, unit: "ms", fastRtc: "16" },
    ],
  };
}
