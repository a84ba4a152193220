/** How long audio takes through the server and back: from the moment a tone burst was sent to the moment it came back. */
import { decode, FRAME_SAMPLES } from "./clips.ts";
import { PACKET_MS, packetIndex } from "./pacer.ts";
import { BurstFinder, burstRange } from "./tone-bursts.ts";

/** A burst that has not come back by then is lost. */
const SEARCH_PACKETS = 100;
/** A burst with fewer packets received after it has not had the time to come back. */
const MIN_PACKETS_AFTER = 20;

/** A client, as far as it matters here, with the range of packets that it sent while it was measured. */
export interface Listener {
  readonly speaker: {
    readonly packets: readonly Buffer[];
    readonly offset: number;
    readonly client: {
      readonly sentAtMs: readonly number[];
      readonly received: readonly { readonly atMs: number; readonly payload: Uint8Array }[];
    };
  };
  readonly from: number;
  readonly to: number;
}

export interface EchoDelays {
  readonly delaysMs: readonly number[];
  /** Bursts that had the time to come back. */
  readonly sent: number;
}

/**
 * Sent is the time of the packet in which a burst begins, plus where in it; received is meant the same way. A client's
 * own packetisation and jitter buffer are not part of it.
 */
export async function echoDelays(packets: readonly Buffer[], listeners: readonly Listener[]): Promise<EchoDelays> {
  const bursts = await findBursts(packets);
  const delaysMs: number[] = [];
  let sent = 0;
  for (const { speaker, from, to } of listeners) {
    const { received, sentAtMs } = speaker.client;
    const heard = await decode(received.map(({ payload }) => payload));
    for (let n = from; n < to; n++) {
      const burst = bursts.get(packetIndex(speaker, n));
      const packetMs = sentAtMs[n];
      if (burst === undefined || packetMs === undefined) continue;
      const sentMs = packetMs + (burst.at % FRAME_SAMPLES) / 48;
      // Of a packet that came just before that moment the last sample is later than it.
      const first = received.findIndex(({ atMs }) => atMs > sentMs - PACKET_MS);
      if (first < 0 || received.length - first < MIN_PACKETS_AFTER) continue;
      sent += 1;
      const at = burst.finder.find(heard, first * FRAME_SAMPLES, (first + SEARCH_PACKETS) * FRAME_SAMPLES);
      const arrival = at === undefined ? undefined : received[Math.floor(at / FRAME_SAMPLES)];
      if (at !== undefined && arrival !== undefined) {
        delaysMs.push(arrival.atMs + (at % FRAME_SAMPLES) / 48 - sentMs);
      }
    }
  }
  return { delaysMs, sent };
}

/** The bursts in what is sent, by the number of the packet in which each begins. */
async function findBursts(packets: readonly Buffer[]) {
  // The second time round is what is sent again and again.
  const clip = (await decode([...packets, ...packets])).subarray(packets.length * FRAME_SAMPLES);
  return new Map(
    BurstFinder.all().flatMap((finder, second) => {
      const at = finder.find(clip, ...burstRange(second));
      return at === undefined ? [] : [[Math.floor(at / FRAME_SAMPLES), { finder, at }] as const];
    }),
  );
}
