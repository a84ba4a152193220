import { describe, expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { createSpeechEncoder } from "./opus.ts";
import { type Pacing, Player } from "./player.ts";

function rig(pacing?: Pacing) {
  const clock = new VirtualClock();
  const sent: { readonly atMs: number; readonly timestamp: number; readonly marker: boolean }[] = [];
  const flushes: number[] = [];
  let drained = 0;
  let cleared = 0;
  const player = new Player({
    clock,
    pacing,
    createEncoder: createSpeechEncoder,
    send: (_, timestamp, marker) => sent.push({ atMs: clock.nowMs(), timestamp, marker }),
    onFlush: () => {
      if (sent.length > flushes.reduce((sum, frames) => sum + frames, 0)) {
        flushes.push(sent.length - flushes.reduce((sum, frames) => sum + frames, 0));
      }
    },
    onClear: () => {
      cleared += 1;
    },
    onDrained: () => {
      drained += 1;
    },
  });
  return { clock, sent, player, flushes, drained: () => drained, cleared: () => cleared };
}

const audio = (durationMs: number, sampleRate = 24_000) => ({
  sampleRate,
  samples: new Int16Array((sampleRate * durationMs) / 1_000).fill(1_000),
});

describe("Player", () => {
  it("sends a burst in real time, 20 ms a packet, and says when it is drained", async () => {
    const { clock, sent, player, drained } = rig();
    await player.write(audio(200));
    expect(player.bufferedMs).toBe(180);
    clock.advance(1_000);
    expect(sent.map(({ atMs }) => Math.round(atMs / 20))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(sent.map(({ timestamp }) => (timestamp - (sent[0]?.timestamp ?? 0)) >>> 0)).toEqual(
      Array.from({ length: 10 }, (_, i) => i * 960),
    );
    expect(drained()).toBe(1);
    player.close();
    expect(clock.pending).toBe(0);
  });

  it("row 43: plays int16 and float32, mono and stereo, and rates that change in mid-stream, without a gap", async () => {
    const { clock, sent, player, drained } = rig();
    const float = { sampleRate: 48_000, samples: new Float32Array(2 * 1_440).fill(0.1), channels: 2 } as const;
    for (const piece of [audio(30), float, audio(30, 8_000), audio(30, 44_100), audio(30, 16_000), audio(50, 22_050)]) {
      await player.write(piece);
    }
    clock.advance(1_000);
    expect(sent).toHaveLength(200 / 20);
    expect(sent.map(({ marker }) => marker).filter(Boolean)).toHaveLength(1);
    expect(drained()).toBe(1);
    player.close();
    expect(clock.pending).toBe(0);
  });

  it("sends nothing when idle, and moves the timestamp on over the pause", async () => {
    const { clock, sent, player } = rig();
    await player.write(audio(20));
    clock.advance(1_000);
    await player.write(audio(20));
    expect(sent).toHaveLength(2);
    expect(((sent[1]?.timestamp ?? 0) - (sent[0]?.timestamp ?? 0)) >>> 0).toBe(50 * 960);
    expect(sent.map(({ marker }) => marker)).toEqual([true, true]);
    player.close();
  });

  it("cuts odd lengths and rates into whole frames, and pads the end once nothing follows", async () => {
    const { clock, sent, player } = rig();
    await player.write(audio(30, 22_050));
    await player.write(audio(30, 22_050));
    await player.write(audio(10, 22_050));
    clock.advance(2_000);
    expect(sent).toHaveLength(4);
    player.close();
    expect(clock.pending).toBe(0);
  });

  it("drops everything at once when cleared, and releases who waits for room", async () => {
    const { clock, sent, player } = rig();
    await player.write(audio(3_000));
    let room = false;
    const waiting = player.ready().then(() => {
      room = true;
    });
    await Promise.resolve();
    expect(room).toBe(false);
    expect(player.clear()).toBeGreaterThan(2_900);
    await waiting;
    clock.advance(1_000);
    expect(sent).toHaveLength(1);
    expect(player.playing).toBe(false);
    player.close();
  });

  it("has room again when less than a second is queued", async () => {
    const { clock, player } = rig();
    await player.write(audio(1_500));
    let room = false;
    const waiting = player.ready().then(() => {
      room = true;
    });
    clock.advance(400);
    await Promise.resolve();
    expect(room).toBe(false);
    clock.advance(200);
    await waiting;
    expect(room).toBe(true);
    player.close();
  });

  it("says when each written piece starts to leave, and how much of one that is cleared was heard", async () => {
    const { clock, player } = rig();
    const told: string[] = [];
    const watch = (name: string) => ({
      onStart: () => told.push(name),
      onCut: (heard: number) => told.push(`${name} cut at ${heard.toFixed(1)}`),
    });
    await player.write(audio(50), watch("first"));
    await player.write(audio(100), watch("second"));
    await player.write(audio(50), watch("third"));
    clock.advance(100);
    expect(told).toEqual(["first", "second"]);
    player.clear();
    clock.advance(500);
    expect(told).toEqual(["first", "second", "second cut at 0.7"]);
    player.close();
  });

  it("holds what is queued and what comes, and goes on where it stopped", async () => {
    const { clock, sent, player, drained } = rig();
    await player.write(audio(200));
    clock.advance(50);
    const before = sent.length;
    player.hold();
    await player.write(audio(100));
    clock.advance(700);
    expect(sent).toHaveLength(before);
    expect(player.playing).toBe(true);
    player.resume();
    clock.advance(1_000);
    expect(sent).toHaveLength(15);
    expect(drained()).toBe(1);
    const [last, next] = [sent[before - 1], sent[before]];
    // The client sees a pause, not loss: the timestamp moves on with time, and the marker says so.
    expect(next?.marker).toBe(true);
    expect(((next?.timestamp ?? 0) - (last?.timestamp ?? 0)) / 48).toBeGreaterThan(650);
    player.close();
    expect(clock.pending).toBe(0);
  });

  it("makes whoever writes wait while it holds a full queue, and holds nothing once cleared", async () => {
    const { clock, sent, player } = rig();
    player.hold();
    await player.write(audio(1_500));
    let room = false;
    const waiting = player.ready().then(() => {
      room = true;
    });
    clock.advance(10_000);
    await Promise.resolve();
    expect(room).toBe(false);
    player.clear();
    await waiting;
    await player.write(audio(20));
    expect(sent).toHaveLength(1);
    player.close();
  });

  it("works off a backlog of live audio instead of staying late", async () => {
    const { clock, sent, player } = rig();
    await player.write(audio(300));
    for (let n = 0; n < 200; n++) {
      clock.advance(20);
      await player.write(audio(20));
    }
    expect(player.bufferedMs).toBeLessThanOrEqual(60);
    expect(sent.length).toBeLessThan(215);
    player.close();
  });

  it("does not hurry a reply that is produced ahead of time", async () => {
    const { clock, sent, player } = rig();
    for (let n = 0; n < 30; n++) {
      const ready = player.ready();
      for (let waited = 0; player.bufferedMs >= 1_000 && waited < 50; waited++) clock.advance(20);
      await ready;
      await player.write(audio(200));
    }
    clock.advance(5_000);
    expect(sent).toHaveLength(300);
    player.close();
  });
});

describe("Player with a lead", () => {
  const LEAD: Pacing = { leadMs: 100, chunkMs: 60 };

  it("is a little ahead of real time, and sends in pieces", async () => {
    const { clock, sent, player, flushes, drained } = rig(LEAD);
    await player.write(audio(400));
    expect(sent).toHaveLength(6);
    for (let ms = 0; ms < 300; ms += 10) {
      clock.advance(10);
      const aheadMs = sent.length * 20 - clock.nowMs();
      expect(aheadMs).toBeGreaterThan(0);
      expect(aheadMs).toBeLessThanOrEqual(LEAD.leadMs + 20);
    }
    expect(flushes.slice(0, 5)).toEqual([6, 3, 3, 3, 3]);
    clock.advance(90);
    expect(sent).toHaveLength(20);
    // Everything has left, and is heard yet.
    expect([player.playing, drained()]).toEqual([true, 0]);
    clock.advance(10);
    expect([player.playing, drained()]).toEqual([false, 1]);
    player.close();
    expect(clock.pending).toBe(0);
  });

  it("lets live audio through at once, also while what came before it is heard", async () => {
    const { clock, sent, player, drained } = rig(LEAD);
    for (let frame = 0; frame < 50; frame += 1) {
      await player.write(audio(20));
      expect(sent).toHaveLength(frame + 1);
      clock.advance(frame % 2 === 0 ? 5 : 35);
    }
    expect(drained()).toBeLessThanOrEqual(26);
    player.close();
    expect(clock.pending).toBe(0);
  });

  it("tells the client to drop what it was sent ahead of its time, and counts it as not heard", async () => {
    const { clock, player, cleared } = rig(LEAD);
    const cuts: number[] = [];
    await player.write(audio(1_000), { onStart: () => undefined, onCut: (heard) => cuts.push(heard) });
    clock.advance(200);
    player.clear();
    expect(cleared()).toBe(1);
    expect(cuts[0]).toBeCloseTo(0.2, 1);
    expect(player.playing).toBe(false);
    player.close();
    expect(cleared()).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it("goes on where it was when it is held for a moment, no further ahead than before", async () => {
    const { clock, sent, player } = rig(LEAD);
    await player.write(audio(1_000));
    player.hold();
    clock.advance(50);
    expect(sent).toHaveLength(6);
    player.resume();
    clock.advance(0);
    expect(sent.length * 20 - clock.nowMs()).toBeLessThanOrEqual(LEAD.leadMs + 20);
    player.close();
    expect(clock.pending).toBe(0);
  });
});
