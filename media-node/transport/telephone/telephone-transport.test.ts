import { describe, expect, it } from "vitest";
import type { CallStart, TelephoneProvider } from "../../../shared/telephone/call-message.ts";
import type { AudioFrame } from "../../audio/frame.ts";
import { g711 } from "../../audio/g711.ts";
import { Player } from "../../audio/player.ts";
import { Earpiece } from "../../telephone/simulator/earpiece.ts";
import { LINES } from "../../telephone/simulator/line.ts";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { readCallStart } from "./call-start.ts";
import { TelephoneTransport } from "./telephone-transport.ts";

const facts = {
  streamId: "MZ1",
  callId: "CA1",
  accountId: "AC1",
  from: "+14155550100",
  to: "+14155550199",
  parameters: {},
};

/** A call, from the provider's side: its `start` has come. */
async function call(provider: TelephoneProvider = "twilio") {
  const clock = new VirtualClock();
  const sent: { readonly event: string; readonly [key: string]: unknown }[] = [];
  const closed: { code: number; reason: string }[] = [];
  const happened: string[] = [];
  const frames: AudioFrame[] = [];
  const logged: string[] = [];
  const socket = {
    bufferedAmount: 0,
    send: (text: string) => sent.push(JSON.parse(text)),
    close: (code: number, reason: string) => closed.push({ code, reason }),
  };
  const line = LINES[provider];
  const start = startOf(line.greet(facts));
  const transport = new TelephoneTransport(
    { socket, call: start, clock, log: { error: (_, message) => logged.push(message) } },
    {
      connected: () => happened.push("connected"),
      channelOpen: () => happened.push("channelOpen"),
      message: () => happened.push("message"),
      hello: () => happened.push("hello"),
      audio: (frame) => frames.push(frame),
      dtmf: (digit) => happened.push(`dtmf ${digit}`),
      ended: (reason) => {
        happened.push(`ended ${reason}`);
        void transport.close(reason);
      },
    },
  );
  transport.begin();
  let chunk = 0;
  const media = (samples: Int16Array, number = chunk + 1) => {
    chunk = number;
    transport.receive(line.media(facts, Buffer.from(g711("mulaw").encode(samples)).toString("base64"), number));
  };
  const kinds = () => sent.map(({ event }) => event);
  return { clock, transport, socket, sent, kinds, closed, happened, frames, logged, line, media };
}

function startOf(greeting: readonly string[]): CallStart {
  for (const text of greeting) {
    const word = readCallStart(Buffer.from(text), false);
    if (word.kind === "start") return word.start;
  }
  throw new Error("no start");
}

const twenty = (level: number) => new Int16Array(160).fill(level);
const total = (frames: readonly AudioFrame[]) => frames.reduce((sum, { samples }) => sum + samples.length, 0);

describe.each(["twilio", "telnyx", "plivo"] as const)("a call of %s", (provider) => {
  it("starts with its `start`, hears, takes keys, and ends", async () => {
    const { transport, media, happened, frames, line, closed } = await call(provider);
    expect(happened).toEqual(["connected", "channelOpen"]);
    await transport.listen({ sampleRate: 8_000, channels: 1 });
    media(twenty(1_000));
    transport.receive(line.digit(facts, "5"));
    expect(total(frames)).toBe(160);
    expect(Math.abs((frames[0]?.samples[80] ?? 0) - 1_000)).toBeLessThan(40);
    expect(happened.at(-1)).toBe("dtmf 5");
    if (line.stop !== undefined) transport.receive(line.stop(facts));
    else transport.socketClosed();
    transport.socketClosed();
    expect(happened.at(-1)).toBe("ended client_closed");
    expect(happened.filter((event) => event.startsWith("ended"))).toHaveLength(1);
    expect(closed).toHaveLength(1);
  });

  it("plays in the provider's words, with marks behind it, and clears", async () => {
    const { clock, transport, sent, line } = await call(provider);
    const { output } = transport;
    const player = new Player({ ...output, clock, onClear: () => output.clear?.(), onDrained: () => undefined });
    await player.write({ sampleRate: 24_000, samples: new Int16Array(24 * 400).fill(2_000) });
    clock.advance(300);
    const orders = () => sent.map((message) => line.order(facts, message)?.order ?? "refused");
    expect(new Set(orders())).toEqual(new Set(["play", "mark"]));
    expect(orders().filter((order) => order === "play").length).toBeGreaterThanOrEqual(300 / 20);
    player.clear();
    expect(orders().at(-1)).toBe("clear");
    player.close();
  });
});

describe("what a call hears", () => {
  it("comes at the rate and with the channels that were asked for", async () => {
    const { transport, media, frames } = await call();
    await transport.listen({ sampleRate: 48_000, channels: 2 });
    for (let i = 0; i < 10; i++) media(twenty(1_000));
    expect(total(frames)).toBe(10 * 960 * 2);
    expect(frames[0]).toMatchObject({ sampleRate: 48_000, channels: 2 });
  });

  it("is put in order, and nothing of it is heard twice", async () => {
    const { transport, media, frames } = await call("telnyx");
    await transport.listen({ sampleRate: 8_000, channels: 1 });
    for (const number of [1, 3, 2, 2, 1, 4]) media(twenty(number * 1_000), number);
    const levels = frames.map(({ samples }) => Math.round((samples[0] ?? 0) / 1_000));
    expect(levels).toEqual([1, 2, 3, 4]);
  });

  it("is silence, for two seconds at most, where nothing comes", async () => {
    const { clock, transport, media, frames } = await call();
    await transport.listen({ sampleRate: 8_000, channels: 1 });
    media(twenty(1_000));
    clock.advance(400);
    expect(total(frames)).toBe(160);
    clock.advance(20_000);
    expect(total(frames)).toBe(160 + 16_000);
    media(twenty(1_000));
    expect(total(frames)).toBe(160 + 16_000 + 160);
  });
});

describe("what is no call", () => {
  it.each([
    ["binary", Buffer.alloc(160), true],
    ["not JSON", Buffer.from("not json"), false],
    ["no message", Buffer.from("[]"), false],
    ["a start without a stream", Buffer.from('{"event":"start"}'), false],
  ])("is not begun: %s", (_, data, isBinary) => {
    expect(readCallStart(data, isBinary)).toMatchObject({
      kind: "invalid",
      refusal: expect.stringContaining("socket_message_invalid"),
    });
  });

  it("is not begun by what comes before the start, and not ended either", () => {
    for (const text of ['{"event":"connected","protocol":"Call"}', '{"event":"media","media":{"payload":"////"}}']) {
      expect(readCallStart(Buffer.from(text), false)).toEqual({ kind: "other" });
    }
  });

  it("in a call is a slip: it goes on, until there are too many", async () => {
    const { transport, happened, closed, logged } = await call();
    for (let i = 0; i < 20; i++) transport.receive(i % 2 === 0 ? null : '{"event":"media","media":{"payl');
    expect(happened).toEqual(["connected", "channelOpen"]);
    transport.receive("[]");
    expect(happened.at(-1)).toBe("ended failed");
    expect(closed).toHaveLength(1);
    // Once, not for each of them.
    expect(logged).toHaveLength(1);
  });

  it("a second start of the same stream is no news, one of another is refused", async () => {
    const { transport, happened, logged, line } = await call();
    for (const message of line.greet(facts)) transport.receive(message);
    expect(logged).toEqual([]);
    for (const message of line.greet({ ...facts, streamId: "MZ2" })) transport.receive(message);
    expect(logged).toHaveLength(1);
    expect(happened).toEqual(["connected", "channelOpen"]);
  });

  it("media of more than five seconds, or of nothing, is not heard", async () => {
    const { transport, frames } = await call();
    await transport.listen({ sampleRate: 8_000, channels: 1 });
    const send = (payload: string) => transport.receive(JSON.stringify({ event: "media", media: { payload } }));
    send("");
    send("****");
    send(Buffer.alloc(40_001).toString("base64"));
    expect(frames).toEqual([]);
    send(Buffer.alloc(40_000).toString("base64"));
    expect(total(frames)).toBe(40_000);
  });

  it("nothing for half a minute is a provider that has gone", async () => {
    const { clock, transport, media, happened } = await call();
    await transport.listen({ sampleRate: 8_000, channels: 1 });
    for (let i = 0; i < 60; i++) {
      clock.advance(1_000);
      media(twenty(0));
    }
    expect(happened).toEqual(["connected", "channelOpen"]);
    clock.advance(45_000);
    expect(happened.at(-1)).toBe("ended peer_lost");
    expect(clock.pending).toBe(0);
  });
});

describe("what a caller hears", () => {
  async function speaking() {
    const world = await call();
    const { output } = world.transport;
    const cuts: number[] = [];
    let drained = 0;
    const player = new Player({
      ...output,
      clock: world.clock,
      lagMs: () => output.lagMs?.() ?? 0,
      onClear: () => output.clear?.(),
      onDrained: () => (drained += 1),
    });
    const watcher = { onStart: () => undefined, onCut: (heard: number) => cuts.push(heard) };
    const speak = (durationMs: number) =>
      player.write({ sampleRate: 8_000, samples: new Int16Array(8 * durationMs).fill(500) }, watcher);
    /** The provider plays with this delay: returns the marks when their time has come. */
    const provider = (delayMs: number) => {
      let end = world.clock.nowMs();
      let read = 0;
      const look = (): void => {
        for (; read < world.sent.length; read++) {
          const message = world.sent[read];
          if (message?.event === "media") end = Math.max(end, world.clock.nowMs()) + 20;
          if (message?.event !== "mark") continue;
          const { mark } = message;
          world.clock.after(Math.max(0, end - world.clock.nowMs()) + delayMs, () => {
            world.transport.receive(JSON.stringify({ event: "mark", mark }));
          });
        }
        world.clock.after(1, look);
      };
      look();
    };
    return { ...world, player, speak, cuts, provider, drained: () => drained };
  }

  it("leaves at real pace, no more than a moment ahead", async () => {
    const { clock, player, speak, kinds } = await speaking();
    await speak(2_000);
    for (let i = 1; i <= 15; i++) {
      clock.advance(100);
      const sentMs = kinds().filter((event) => event === "media").length * 20;
      expect(sentMs).toBeGreaterThanOrEqual(i * 100);
      expect(sentMs).toBeLessThanOrEqual(i * 100 + 120);
    }
    player.close();
  });

  it("row 37: what was heard of an interrupted reply is what the marks say, not what was sent", async () => {
    for (const delayMs of [0, 120, 400]) {
      const { clock, transport, player, speak, cuts, provider } = await speaking();
      provider(delayMs);
      await speak(4_000);
      clock.advance(2_000);
      expect(transport.output.lagMs?.()).toBeGreaterThanOrEqual(delayMs - 5);
      expect(transport.output.lagMs?.()).toBeLessThanOrEqual(delayMs + 25);
      player.clear();
      const heardMs = (cuts[0] ?? 0) * 4_000;
      expect(Math.abs(heardMs - (2_000 - delayMs))).toBeLessThanOrEqual(45);
      player.close();
    }
  });

  it("row 37: somebody who speaks is listened to at once, and what was held goes on where it stopped", async () => {
    const { clock, sent, transport, player, line } = await speaking();
    const earpiece = new Earpiece({ played: (name) => transport.receive(line.played(facts, name)) });
    let read = 0;
    const tick = (count: number): void => {
      for (let i = 0; i < count; i++) {
        for (; read < sent.length; read++) {
          const order = line.order(facts, sent[read]);
          if (order?.order === "play") earpiece.play(Buffer.from(order.payload, "base64"));
          if (order?.order === "mark") earpiece.mark(order.name);
          if (order?.order === "clear") earpiece.clear();
        }
        earpiece.tick();
        clock.advance(20);
      }
    };
    // Each 20 ms has a level of its own.
    const samples = Int16Array.from({ length: 160 * 60 }, (_, i) => 1_000 + 200 * Math.floor(i / 160));
    await player.write({ sampleRate: 8_000, samples });
    tick(25);
    player.hold();
    tick(20);
    player.resume();
    tick(60);
    const heard = Array.from({ length: 105 }, (_, i) =>
      Math.round(((earpiece.heard[i * 160 + 80] ?? 0) - 1_000) / 200),
    );
    const spoken = heard.map((level, i) => ({ level, i })).filter(({ level }) => level >= 0);
    const pauseAt = spoken.findIndex(({ i }, n) => n > 0 && i - (spoken[n - 1]?.i ?? i) > 10);
    // Not a frame more than was under way.
    expect(spoken[pauseAt - 1]?.i).toBeLessThanOrEqual(25);
    const [before, after] = [spoken[pauseAt - 1]?.level ?? 0, spoken[pauseAt]?.level ?? 0];
    expect(Math.abs(after - before - 1)).toBeLessThanOrEqual(2);
    expect(spoken.at(-1)?.level).toBeGreaterThanOrEqual(57);
    player.close();
  });

  it("is over when the caller has heard it, not when it was sent", async () => {
    const { clock, player, speak, provider, drained } = await speaking();
    provider(400);
    await speak(2_000);
    clock.advance(2_000);
    expect(player.playing).toBe(true);
    expect(drained()).toBe(0);
    clock.advance(300);
    expect(drained()).toBe(0);
    clock.advance(200);
    expect(drained()).toBe(1);
    player.close();
  });

  it("a provider that takes nothing any more loses the call", async () => {
    const { clock, socket, player, speak, happened } = await speaking();
    socket.bufferedAmount = 1_000_000;
    await speak(200);
    clock.advance(100);
    expect(happened.at(-1)).toBe("ended peer_lost");
    player.close();
  });
});

it("a page's messages stay here: no provider takes them", async () => {
  const { transport, sent } = await call();
  expect(transport.sendText()).toBe(false);
  expect(sent).toEqual([]);
});

it("leaves no timer behind", async () => {
  const { clock, transport, closed } = await call();
  await transport.listen({ sampleRate: 8_000, channels: 1 });
  transport.output.send(new Uint8Array(160), 0, true);
  await transport.close("time_limit");
  expect(clock.pending).toBe(0);
  expect(closed).toEqual([{ code: 1000, reason: "time_limit" }]);
});
