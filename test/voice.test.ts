/** What handlers do, heard by a client: real PCM through the codec, turns, interruption, failures, endings. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clip, concat, levelDb, likeness, silence } from "./support/audio.ts";
import { Caller } from "./support/caller.ts";
import { type NodeHandle, Stack, sleep, until } from "./support/stack.ts";

let stack: Stack;
let node: NodeHandle;
/** Three seconds of speech without a pause, and where in it the first word begins. */
let sentence: Int16Array;
let words: Int16Array;

beforeAll(async () => {
  stack = await Stack.start("test/fixtures/streams.ts");
  node = await stack.startNode();
  sentence = await clip("librivox-0880.wav");
  words = sentence.subarray(48 * 300);
});
afterAll(() => stack.stop());

const call = (path: string, hello = false): Promise<Caller> => new Caller({ url: stack.url, path, hello }).connect();

describe("audio through the node", () => {
  it("is what the handler was given: a loopback returns it, one that turns the sign is found out", async () => {
    const said = concat(silence(200), sentence.subarray(0, 48_000), silence(600));
    const [same, turned] = await Promise.all([call("/loopback"), call("/flipped")]);
    await Promise.all([same.say(said), turned.say(said)]);
    await sleep(300);
    expect(likeness(said, same.recording())).toBeGreaterThan(0.8);
    expect(likeness(said, turned.recording())).toBeLessThan(-0.8);
    await Promise.all([same.hangUp(), turned.hangUp()]);
  });

  it("keeps two calls apart", async () => {
    const [low, high] = await Promise.all([call("/loopback"), call("/loopback")]);
    const other = await clip("librivox-0870.wav");
    const [first, second] = [
      concat(words.subarray(0, 72_000), silence(400)),
      concat(other.subarray(24_000, 96_000), silence(400)),
    ];
    await Promise.all([low.say(first), high.say(second)]);
    await sleep(300);
    expect(likeness(first, low.recording())).toBeGreaterThan(0.8);
    expect(likeness(second, high.recording())).toBeGreaterThan(0.8);
    expect(Math.abs(likeness(second, low.recording()))).toBeLessThan(0.4);
    await Promise.all([low.hangUp(), high.hangUp()]);
  });
});

describe("turns", () => {
  it("answers when the user pauses, with FastRTC's messages in their order", async () => {
    const caller = await call("/echo");
    await caller.say(concat(silence(500), sentence, silence(2_000)));
    await until(() => caller.of("log").length >= 3);
    expect(caller.rawMessages.slice(0, 3)).toEqual([
      '{"type": "log", "data": "started_talking"}',
      '{"type": "log", "data": "pause_detected"}',
      '{"type": "log", "data": "response_starting"}',
    ]);
    await caller.silence(1_500);
    expect(likeness(words, caller.recording(), 1_000)).toBeGreaterThan(0.7);
    await caller.hangUp();
  });

  it("does not take a pause of 350 ms inside a sentence for its end", async () => {
    const caller = await call("/echo");
    // Cut in the middle of a word, so that the pause is as long as it is said to be.
    const [first, second] = [48 * 650, 48 * 1_900];
    const pieces = [sentence.subarray(0, first), sentence.subarray(first, second), sentence.subarray(second)];
    await caller.say(concat(silence(500), ...pieces.flatMap((piece) => [piece, silence(350)]), silence(1_000)));
    const logs = caller.of("log").map(({ data }) => data);
    expect(logs.filter((data) => data === "pause_detected")).toHaveLength(1);
    await caller.hangUp();
  });

  it("ends the turn of a client that stops sending in the middle of a word", async () => {
    const caller = await call("/echo");
    await caller.say(concat(silence(300), words.subarray(0, 48_000)));
    await until(() => caller.of("log").some(({ data }) => data === "pause_detected"), 3_000);
    await until(() => caller.packets > 10, 3_000);
    await caller.hangUp();
  });

  it("is silenced by speech while it talks, and its handler is told", async () => {
    const caller = await call("/talkative");
    await caller.say(concat(silence(300), sentence, silence(1_500)));
    await until(() => caller.packets > 10);
    await caller.say(words.subarray(0, 48_000));
    await until(() => node.log().includes("talkative was aborted"), 3_000);
    const before = caller.packets;
    await sleep(200);
    expect(caller.packets - before).toBeLessThan(3);
    await caller.hangUp();
  });

  it("loses one turn to a handler that throws, not the session", async () => {
    const caller = await call("/moody");
    await caller.say(concat(silence(300), sentence, silence(1_200)));
    await until(() => caller.of("error").length === 1);
    expect(caller.rawMessages.find((text) => text.includes('"error"'))).toBe(
      '{"type": "error", "message": "not in the mood", "data": "not in the mood"}',
    );
    expect(caller.packets).toBe(0);
    await caller.say(concat(sentence, silence(1_200)));
    await until(() => caller.packets > 20);
    await caller.hangUp();
  });

  it("greets first where the stream has a startupFn, without a pause", async () => {
    const caller = await call("/greeter");
    await until(() => caller.packets >= 14, 3_000);
    expect(levelDb(caller.recording())).toBeGreaterThan(-30);
    expect(caller.of("log").map(({ data }) => data)).toEqual(["response_starting"]);
    await caller.hangUp();
  });

  it("plays its last words, says goodbye and hangs up", async () => {
    const caller = await call("/goodbye", true);
    await caller.say(concat(silence(300), sentence, silence(1_500)));
    await until(() => caller.of("end_stream").length === 1, 5_000);
    expect(caller.of("end_stream")[0]?.data).toBe("Goodbye");
    expect(caller.packets).toBeGreaterThanOrEqual(15);
    await until(() => caller.of("bye").length === 1, 5_000);
    expect(caller.of("bye")[0]?.data).toEqual({ reason: "handler_closed" });
    await caller.hangUp();
  });

  it("hands over additional outputs, and plays nothing in mode send", async () => {
    const caller = await call("/meter", true);
    await caller.say(concat(silence(300), sentence, silence(1_500)));
    await until(() => caller.of("output").length === 1);
    expect(caller.rawMessages).toContain('{"type": "fetch_output", "data": []}');
    const [output] = (caller.of("output")[0]?.data ?? []) as { durationMs: number }[];
    // The words, up to 320 ms from before them and 160 ms from after them.
    expect(output?.durationMs).toBeGreaterThan(words.length / 48);
    expect(output?.durationMs).toBeLessThan(words.length / 48 + 700);
    expect(caller.packets).toBe(0);
    await caller.hangUp();
  });

  it("tells clients of ours whose turn it is", async () => {
    const caller = await call("/echo", true);
    await caller.say(concat(silence(500), sentence, silence(4_000)));
    const states = caller.of("turn").map(({ data }) => (data as { state: string }).state);
    expect(states).toEqual(["listening", "user_speaking", "thinking", "bot_speaking", "listening"]);
    await caller.hangUp();
  });
});

describe("the data channel", () => {
  it("refuses a message that is too large, and goes on", async () => {
    const caller = await call("/loopback");
    caller.send("x".repeat(40_000));
    await until(() => caller.of("error").length === 1 || caller.of("log").length === 1, 3_000);
    expect(caller.of("error")[0]?.data).toBe("message_too_large");
    caller.send("small");
    await until(() => caller.of("log").length === 1);
    await caller.hangUp();
  });
});
