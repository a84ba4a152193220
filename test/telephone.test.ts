/**
 * Telephone calls (FastRTC's acceptance rows 35 to 39), by the simulator over real sockets, with the edge in workerd and a media
 * node: once through a node that the edge reaches, once through one that dials the edge.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { resample } from "../media-node/audio/resample.ts";
import { LINES } from "../media-node/telephone/simulator/line.ts";
import { PhoneCall, type PhoneCallOptions } from "../media-node/telephone/simulator/phone-call.ts";
import { systemClock } from "../media-node/time/clock.ts";
import { clip, concat, FIRST_WORD_MS, levelDb, silence } from "./support/audio.ts";
import { EventStream } from "./support/event-stream.ts";
import { SoundPrograms } from "./support/sound-programs.ts";
import { activeSessions, type NodeHandle, Stack, sleep, until } from "./support/stack.ts";

const PROVIDERS = ["twilio", "telnyx", "plivo"] as const;
/** As a telephone carries it. */
const line = (samples: Int16Array) => resample(samples, 48_000, 8_000);
const LOUD_DB = -40;

/** How loud each 20 ms of what was heard is, in dB. */
function levels(heard: Int16Array): number[] {
  return Array.from({ length: Math.floor(heard.length / 160) }, (_, i) =>
    levelDb(heard.subarray(i * 160, i * 160 + 160)),
  );
}

const MEDIA_PORT = 18_794;

const reachable = (scheme: "ws" | "wss") => [
  ...["--public-url", `${scheme}://127.0.0.1:${MEDIA_PORT}`],
  ...["--media-port", String(MEDIA_PORT)],
];
const tone = (durationMs: number) =>
  new Int16Array(8 * durationMs).map((_, i) => 8_000 * Math.sin((2 * Math.PI * 440 * i) / 8_000));

const loudFrames = (call: PhoneCall) => levels(call.heard).filter((level) => level > LOUD_DB).length;

describe.each([
  { plane: "direct", args: reachable("ws") },
  { plane: "bridged", args: [] },
] as const)("a telephone call, $plane", ({ plane, args }) => {
  let stack: Stack;
  let node: NodeHandle;
  let calls: PhoneCall[] = [];

  beforeAll(async () => {
    stack = await Stack.start("test/fixtures/telephone-streams.ts", {}, "worker/testing/resettable.ts");
    node = await stack.startNode({ args });
  });
  afterEach(() => {
    for (const call of calls) call.hangUp();
    calls = [];
  });
  afterAll(async () => {
    await stack.stop();
  });

  function call(stream: string, options: Partial<PhoneCallOptions> = {}): PhoneCall {
    const made = new PhoneCall({ url: `${stack.url}/${stream}`, clock: systemClock, ...options });
    calls.push(made);
    return made;
  }
  const faults = (made: PhoneCall) => made.events.filter(({ event }) => event === "fault");

  it.each(PROVIDERS)("row 36: %s's caller is answered, in its own words and at 8 kHz", async (provider) => {
    const made = call("echo", { provider });
    await made.dial();
    await made.say(line(concat(silence(300), await clip("cards-001.wav"), silence(200))));
    await until(() => loudFrames(made) > 20, 10_000);
    expect(faults(made)).toEqual([]);
    expect(made.events.some(({ event }) => event === "played")).toBe(true);
  });

  it("row 37: an interruption clears what the provider has", async () => {
    const made = call("talkative");
    await made.dial();
    await made.say(line(concat(await clip("cards-001.wav"), silence(100))));
    await until(
      () =>
        levels(made.heard)
          .slice(-10)
          .every((level) => level > LOUD_DB),
      10_000,
    );
    const startedMs = made.elapsedMs;
    const speech = line(await clip("cards-005.wav"));
    await Promise.race([made.say(speech), sleep(2_500)]);
    const lastMs = levels(made.heard).findLastIndex((level) => level > LOUD_DB) * 20 + 20;
    const begunMs = startedMs + (FIRST_WORD_MS["cards-005.wav"] ?? 0);
    const cleared = made.events.find(({ event }) => event === "cleared");
    console.log(
      `telephone: last audio ${lastMs - begunMs} ms after the first word began, cleared after ${(cleared?.atMs ?? 0) - begunMs} ms`,
    );
    expect(cleared).toBeDefined();
    expect(lastMs - begunMs).toBeLessThan(1_000);
    expect(faults(made)).toEqual([]);
  });

  it("row 38: telephone calls count with all others, and their time is limited", async () => {
    const first = call("single");
    await first.dial();
    const second = call("single");
    await second.dial();
    await second.ended;
    expect(second.events).toContainEqual(
      expect.objectContaining({ event: "said", text: expect.stringContaining("busy") }),
    );
    first.hangUp();
    await until(async () => {
      const third = call("single");
      await third.dial();
      return third.events.some(({ event }) => event === "connected");
    }, 5_000);

    const brief = call("brief");
    await brief.dial();
    const startMs = performance.now();
    await brief.ended;
    expect(performance.now() - startMs).toBeGreaterThan(1_500);
    expect(brief.events).toContainEqual(
      expect.objectContaining({ event: "said", text: "The call has been disconnected." }),
    );
  });

  it("row 39: what a turn puts out is the next turn's input, and nobody waits for any", async () => {
    const made = call("counter");
    await made.dial();
    const question = line(concat(silence(200), await clip("cards-001.wav"), silence(1_200)));
    const beeps = () => runs(levels(made.heard).map((level) => level > LOUD_DB));
    await made.say(question);
    await until(() => beeps() === 1, 8_000);
    await sleep(600);
    await made.say(question);
    await until(() => beeps() === 3, 8_000);
    expect(faults(made)).toEqual([]);
  });

  it("keys reach the handler, and it hangs up", async () => {
    const made = call("keypad");
    await made.dial();
    made.press("12");
    await sleep(300);
    expect(made.events.every(({ event }) => event !== "disconnected")).toBe(true);
    made.press("#");
    await made.ended;
    expect(made.events).toContainEqual(expect.objectContaining({ event: "disconnected", code: 1000 }));
    // A beep of 200 ms per key, played to its end.
    expect(loudFrames(made)).toBeGreaterThanOrEqual(25);
  });

  it("the session goes by its stream's id, and ends when the caller hangs up", async () => {
    const made = call("echo");
    await made.dial();
    const info = async () => (await fetch(`${stack.url}/echo/sessions/${made.facts.streamId}`)).json();
    await until(async () => ((await info()) as { state?: string }).state === "live", 5_000);
    made.hangUp();
    await until(async () => ((await info()) as { state?: string }).state === "ended", 5_000);
  });

  it.each(PROVIDERS)(
    "%s's messages out of order, twice, cut off, binary and unknown cost nobody the call",
    async (provider) => {
      const made = call("echo", { provider });
      await made.dial();
      const facts = { ...made.facts };
      const silent = Buffer.alloc(160, 0xff).toString("base64");
      for (const chunk of [3, 1, 2, 2, 900, 4]) made.sendRaw(LINES[provider].media(facts, silent, chunk));
      for (const greeting of LINES[provider].greet(facts)) made.sendRaw(greeting);
      made.sendRaw(Buffer.alloc(160));
      made.sendRaw('{"event":"media","media":{"payl');
      made.sendRaw('{"event":"media","media":{"payload":7}}');
      made.sendRaw('{"event":"of a later version"}');
      made.press("1");
      await made.say(line(concat(silence(300), await clip("cards-001.wav"), silence(200))));
      await until(() => loudFrames(made) > 20, 10_000);
      expect(faults(made)).toEqual([]);
      // Past the limit of a message the socket is closed, with the code that says so.
      made.sendRaw(`{"event":"media","media":{"payload":"${"A".repeat(2_000_000)}"}}`);
      await made.ended;
      const codes = made.events.flatMap((event) => (event.event === "disconnected" ? [event.code] : []));
      expect(codes).toHaveLength(1);
      expect([1009, 1011, 1006]).toContain(codes[0]);
    },
  );

  if (plane === "direct") {
    it("edgertc dial says what a microphone hears, plays the answer, and leaves no program behind", async () => {
      const programs = await SoundPrograms.install(line(concat(silence(300), await clip("cards-001.wav"))));
      try {
        const dial = ["media-node/cli/main.ts", "dial", `${stack.url}/echo`];
        const child = spawn(process.execPath, [...dial, "--microphone", "--loudspeaker", "--seconds", "5"], {
          env: { ...process.env, PATH: programs.folder },
          stdio: ["ignore", "ignore", "inherit"],
        });
        expect(await once(child, "exit")).toEqual([0, null]);
        const loud = levels(await programs.heard()).filter((level) => level > LOUD_DB);
        expect(loud.length).toBeGreaterThan(20);
      } finally {
        await programs.remove();
      }
    });

    it("a deploy in mid-call is not heard: every object is reset, and no frame is lost", async () => {
      const made = call("loopback");
      await made.dial();
      await isLive(stack, made);
      const talking = made.say(tone(4_000));
      for (let round = 0; round < 2; round += 1) {
        await sleep(1_000);
        const names = {
          directory: ["default"],
          nodes: [`default/${node.id}`],
          sessions: [`default/loopback/${made.facts.streamId}`],
          streams: ["default/loopback"],
        };
        const reset = await fetch(`${stack.url}/testing/reset`, { method: "POST", body: JSON.stringify(names) });
        expect(await reset.json()).toEqual({ reset: 4 });
      }
      await talking;
      await isHeardWhole(made, 4_000);
      await isLive(stack, made);
      made.hangUp();
      await until(async () => (await activeSessions(stack)) === 0, 5_000);
    });
  }

  it("what is no call ends, clearly: binary, cut off, without a start, too large", async () => {
    const openings: readonly (readonly [data: Buffer | string, code: number])[] = [
      [Buffer.alloc(160), 1000],
      ['{"event":"start","start', 1000],
      ['{"event":"start"}', 1000],
      ["x".repeat(2_000_000), 1009],
    ];
    for (const [data, code] of openings) {
      const socket = new WebSocket(`${stack.url.replace("http", "ws")}/echo/telephone/handler`);
      socket.on("error", () => undefined);
      const closed = new Promise<number>((resolve) => socket.once("close", resolve));
      await new Promise((resolve) => socket.once("open", resolve));
      socket.send(data);
      expect(await closed).toBe(code);
    }
    await until(async () => (await activeSessions(stack)) === 0, 20_000);
  });
});

describe("a telephone call straight to its node", () => {
  it("does not hear the edge restart, and its slot is free when it is over", async () => {
    const stack = await Stack.start("test/fixtures/telephone-streams.ts", { EDGERTC_TELEPHONE_MEDIA: "node" });
    try {
      // Providers take no other; the simulator knows that nothing ends TLS here.
      await stack.startNode({ args: reachable("wss") });
      const made = new PhoneCall({ url: `${stack.url}/loopback`, clock: systemClock });
      await made.dial();
      const url = expect.stringContaining(`ws://127.0.0.1:${MEDIA_PORT}/`);
      expect(made.events).toContainEqual(expect.objectContaining({ event: "connected", url }));
      await isLive(stack, made);
      const talking = made.say(tone(4_000));
      await sleep(500);
      await stack.stopEdge();
      await sleep(1_000);
      await stack.startEdge();
      await talking;
      await isHeardWhole(made, 4_000);
      await until(async () => (await activeSessions(stack)) === 1, 15_000);
      await isLive(stack, made);
      made.hangUp();
      await until(async () => (await activeSessions(stack)) === 0, 5_000);
    } finally {
      await stack.stop();
    }
  });
});

describe("a signed call that may be cut", () => {
  let stack: Stack;
  let first: NodeHandle | undefined;
  const token = "auth-token-of-the-tests";
  const operator = "token-of-the-operators";
  const question = async () => line(concat(silence(200), await clip("cards-001.wav"), silence(1_200)));
  const beeps = (call: PhoneCall) => runs(levels(call.heard).map((level) => level > LOUD_DB));
  const connections = (call: PhoneCall) => call.events.filter(({ event }) => event === "connected").length;

  beforeAll(async () => {
    const variables = {
      TWILIO_AUTH_TOKEN: token,
      EDGERTC_TELEPHONE_RESUME: "true",
      EDGERTC_GATEWAY_NUMBER: "+18005551212",
      EDGERTC_ADMIN_TOKEN: operator,
    };
    stack = await Stack.start("test/fixtures/telephone-streams.ts", variables);
  });
  afterAll(async () => {
    await stack.stop();
  });

  it("is refused where somebody else signs it, or nobody", async () => {
    first = await stack.startNode({ id: "first" });
    for (const authToken of ["wrong", undefined]) {
      const options = { url: `${stack.url}/echo`, clock: systemClock };
      const call = new PhoneCall(authToken === undefined ? options : { ...options, authToken });
      await expect(call.dial()).rejects.toThrow("403");
    }
  });

  it("tells its handler who is on the line; outputs are there under the stream's id", async () => {
    const numbers = { from: "+14155550100", to: "+14155550199" };
    const call = new PhoneCall({ url: `${stack.url}/directory`, clock: systemClock, authToken: token, ...numbers });
    await call.dial();
    const live = async () =>
      (await (await fetch(`${stack.url}/directory/sessions/${call.facts.streamId}`)).text()).includes("live");
    await until(live, 5_000);
    const outputs = await EventStream.open(`${stack.url}/directory/outputs?webrtc_id=${call.facts.streamId}`);
    const first = await outputs.next();
    expect(first?.data).toEqual({ provider: "twilio", callId: call.facts.callId, ...numbers });
    await outputs.close();
    call.hangUp();
  });

  it("is connected by the code of its stream where it comes through the gateway, which counts it", async () => {
    const gateway = `${stack.url}/telephone/gateway`;
    const headers = { authorization: `Bearer ${operator}` };
    const body = JSON.stringify({ stream: "echo" });
    const registered = await (await fetch(`${gateway}/register`, { method: "POST", headers, body })).json();
    const { code } = registered as { code: string };
    const call = new PhoneCall({
      url: `${gateway}/incoming`,
      statusUrl: `${gateway}/status`,
      clock: systemClock,
      authToken: token,
      answers: [code === "999999" ? "999998" : "999999", code],
    });
    await call.dial();
    await call.say(line(concat(silence(300), await clip("cards-001.wav"), silence(200))));
    await until(() => loudFrames(call) > 20, 10_000);
    call.hangUp();
    await call.ended;
    const overview = await (await fetch(`${stack.url}/admin/api/gateway`, { headers })).json();
    const { keys } = overview as { keys: { usedSeconds: number; reservedSeconds: number }[] };
    expect(keys).toMatchObject([{ name: "operator", reservedSeconds: 0 }]);
    expect(keys[0]?.usedSeconds).toBeGreaterThan(1);
    expect(keys[0]?.usedSeconds).toBeLessThan(20);
    expect(call.events.filter(({ event }) => event === "fault")).toEqual([]);
  });

  it("goes on after a cut, and its handler finds what it kept", async () => {
    const call = new PhoneCall({ url: `${stack.url}/remembering`, clock: systemClock, authToken: token });
    await call.dial();
    await call.say(await question());
    await until(() => beeps(call) === 1, 10_000);
    await sleep(600);
    call.cut();
    await until(() => connections(call) === 2, 5_000);
    await call.say(await question());
    await until(() => beeps(call) === 3, 10_000);
    call.hangUp();
  });

  it("goes on at another node when its own is killed, and ends when the handler hangs up", async () => {
    const call = new PhoneCall({ url: `${stack.url}/keypad`, clock: systemClock, authToken: token });
    await call.dial();
    const second = await stack.startNode({ id: "second" });
    await first?.kill();
    await until(() => connections(call) >= 2, 20_000);
    call.press("1#");
    await call.ended;
    expect(call.events).toContainEqual(
      expect.objectContaining({ event: "said", text: "The call has been disconnected." }),
    );
    expect(second.log()).toContain("handler_closed");
  });
});

async function isLive(stack: Stack, call: PhoneCall): Promise<void> {
  const url = `${stack.url}/loopback/sessions/${call.facts.streamId}`;
  const state = async () => ((await (await fetch(url)).json()) as { state?: string }).state;
  await until(async () => (await state()) === "live", 10_000);
}

/**
 * A tone that the stream gives back is heard to its end on one connection. What is lost or late is a busy machine's; a restart that is
 * heard would cost more than a second.
 */
async function isHeardWhole(call: PhoneCall, durationMs: number): Promise<void> {
  const frames = durationMs / 20;
  // What is on its way.
  await sleep(500);
  const loud = levels(call.heard).map((level) => level > LOUD_DB);
  const spoken = loud.slice(loud.indexOf(true), loud.lastIndexOf(true) + 1);
  const gapsMs = spoken.map((_, i) => 20 * Math.max(0, spoken.slice(i).indexOf(true)));
  console.log(`telephone: ${loudFrames(call)} of ${frames} frames heard, longest gap ${Math.max(...gapsMs)} ms`);
  expect(loudFrames(call)).toBeGreaterThan(0.9 * frames);
  expect(Math.max(...gapsMs)).toBeLessThan(400);
  expect(call.events.filter(({ event }) => event === "disconnected" || event === "fault")).toEqual([]);
}

/** How many times something began, by frames. Shorter gaps are a busy machine's: beeps are 600 ms apart. */
function runs(flags: readonly boolean[]): number {
  const GAP_FRAMES = 20;
  return flags.filter((flag, i) => flag && !flags.slice(Math.max(0, i - GAP_FRAMES), i).includes(true)).length;
}
