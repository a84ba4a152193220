/** What a voice session costs while nobody speaks: silence, and a room that is never quite silent. */
import { silence } from "../test/support/audio.ts";
import { encode, roomNoise } from "./lib/clips.ts";
import { withClients } from "./lib/load-client.ts";
import { startMeter } from "./lib/machine.ts";
import { Pacer } from "./lib/pacer.ts";
import { summarize } from "./lib/percentiles.ts";
import { atMost, corePercent, type Measurement, type Row, type RowContext, type Scale } from "./lib/row.ts";
import { sleep } from "./lib/wait.ts";

const WARM_UP_MS = 2_000;
const CLIP_MS = 4_000;
const ROOM_DB = -60;
const SCENES = {
  "digital silence": () => silence(CLIP_MS),
  [`a room at ${ROOM_DB} dBFS`]: () => roomNoise(CLIP_MS, ROOM_DB),
};

export function idleRows({ quick }: Scale): Row[] {
  const durationMs = quick ? 4_000 : 10_000;
  return Object.entries(SCENES).flatMap(([scene, clip]) =>
    [8, 20].map(
      (sessions): Row => ({
        title: `idle · ${sessions} sessions, ${scene}`,
        server: "full",
        estimateMs: 5_000 + durationMs + 100 * sessions,
        measure: (context) => measure(context, { sessions, durationMs, clip: clip() }),
      }),
    ),
  );
}

interface IdleOptions {
  readonly sessions: number;
  readonly durationMs: number;
  readonly clip: Int16Array;
}

async function measure({ server, pinning, signal }: RowContext, { sessions, durationMs, clip }: IdleOptions) {
  const packets = await encode(clip);
  return await withClients(`${server.url}/echo`, sessions, signal, async (clients): Promise<Measurement> => {
    const pacer = new Pacer(clients.map((client) => ({ client, packets, offset: 0 })));
    try {
      await sleep(WARM_UP_MS, signal);
      pacer.forgetLateness();
      const stop = startMeter(server.pid, pinning);
      await sleep(durationMs, signal);
      const usage = stop();
      const falseStarts = clients.reduce((sum, client) => sum + client.heard("started_talking").length, 0);
      return {
        usage,
        clientLateMs: summarize(pacer.lateMs),
        figures: [
          {
            name: "server CPU per session",
            value: corePercent(usage, sessions),
            unit: "% of a core",
            target: atMost(1),
            fastRtc: "a whole core for one",
          },
          { name: "taken for speech", value: falseStarts, unit: "times", target: atMost(0) },
        ],
      };
    } finally {
      pacer.stop();
    }
  });
}
