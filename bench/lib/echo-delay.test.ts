import { describe, expect, it } from "vitest";
import { encode, speech } from "./clips.ts";
import { echoDelays, type Listener } from "./echo-delay.ts";
import { PACKET_MS } from "./pacer.ts";
import { addBursts } from "./tone-bursts.ts";

const packets = await encode(addBursts(await speech()));

/** A server that hands every packet back after `delayMs`, except those that `lost` says. */
function listener(delayMs: number, lost: (n: number) => boolean = () => false): Listener {
  const sentAtMs = Array.from({ length: 400 }, (_, n) => 1_000 + PACKET_MS * n);
  const received = packets.slice(0, 400).flatMap((payload, n) => {
    return lost(n) ? [] : [{ atMs: 1_000 + PACKET_MS * n + delayMs, payload }];
  });
  return { speaker: { packets, offset: 0, client: { sentAtMs, received } }, from: 0, to: 400 };
}

describe("echoDelays", () => {
  it.each([1, 19, 35, 148])("measures a delay of %i ms", async (delayMs) => {
    const { delaysMs, sent } = await echoDelays(packets, [listener(delayMs)]);
    expect(sent).toBe(8);
    expect(delaysMs).toHaveLength(8);
    for (const measured of delaysMs) expect(Math.abs(measured - delayMs)).toBeLessThan(1);
  });

  it("counts bursts that never came back", async () => {
    const { delaysMs, sent } = await echoDelays(packets, [listener(30, (n) => n % 100 >= 15 && n % 100 < 35)]);
    expect({ sent, found: delaysMs.length }).toEqual({ sent: 8, found: 4 });
  });

  it("leaves out bursts that had no time to come back", async () => {
    const { sent } = await echoDelays(packets, [listener(30, (n) => n > 335)]);
    expect(sent).toBe(6);
  });
});
