/**
 * What FastRTC's own tests ask of its connections (test_webrtc_connection_mixin.py), asked of the offer endpoint from
 * outside, as far as `offer.test.ts` does not: offers without media, of other kinds, under one id.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Caller, type CallerOptions } from "./support/caller.ts";
import { Stack, until } from "./support/stack.ts";

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start("test/fixtures/streams.ts");
  await stack.startNode();
});
afterAll(() => stack.stop());

const caller = (path: string, options: Partial<CallerOptions> = {}): Caller =>
  new Caller({ url: stack.url, path, label: "test-data-channel", ...options });

const active = async (name: string): Promise<number | undefined> => {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as { name: string; active: number }[];
  return streams.find((stream) => stream.name === name)?.active;
};

const freed = (name: string): Promise<void> => until(async () => (await active(name)) === 0, 2_000);

/** The answer's `m=` lines, as kind and port. */
const sections = (answer: string): string[] =>
  [...answer.matchAll(/^m=(\w+ \d+)/gm)].map(([, section]) => section ?? "");

describe("an audio stream", () => {
  it.each([
    ["with an audio track", ["audio"], ["application 9", "audio 9"]],
    ["without any track", [], ["application 9"]],
  ] as const)("connects a client %s, and its data channel", async (_, tracks, expected) => {
    const client = await caller("/loopback", { tracks }).connect();
    expect(client.answer).toContain("webrtc-datachannel");
    expect(sections(client.answer).toSorted()).toEqual(expected);
    client.send("anyone there");
    await until(() => client.rawMessages.length > 0);
    await client.hangUp();
    await freed("loopback");
  });

  it.each([
    ["video", ["video"]],
    ["video beside audio", ["audio", "video"]],
  ] as const)("refuses %s, which takes no line", async (_, tracks) => {
    const client = caller("/single", { tracks });
    const { status, body } = await client.offer();
    expect(status).toBe(400);
    expect(body).toMatchObject({
      status: "failed",
      meta: {
        error: "unsupported_track_kind",
        message: expect.stringContaining("Unsupported track kind 'video' for modality 'audio'"),
      },
    });
    expect(await active("single")).toBe(0);
    await client.hangUp();
  });

  it("that allows extra tracks rejects the video section and takes the audio", async () => {
    const client = await caller("/tolerant", { tracks: ["audio", "video"] }).connect();
    expect(sections(client.answer).toSorted()).toEqual(["application 9", "audio 9", "video 0"]);
    await client.silence(200);
    await until(() => client.packets > 5);
    await client.hangUp();
    await freed("tolerant");
  });
});

describe("limits", () => {
  it("count clients that send no media", async () => {
    const first = await caller("/single", { tracks: [] }).connect();
    const second = caller("/single", { tracks: [] });
    expect((await second.offer()).body).toEqual({
      status: "failed",
      meta: { error: "concurrency_limit_reached", limit: 1 },
    });
    await Promise.all([first.hangUp(), second.hangUp()]);
    await freed("single");
  });

  it.each([
    ["with media", ["audio"]],
    ["without media", []],
  ] as const)("do not let an id in twice while there are lines left, %s", async (_, tracks) => {
    const [first, ...others] = [1, 2, 3].map(() => caller("/three", { tracks, clientId: "test_id" }));
    await first?.connect();
    for (const other of others) {
      expect((await other.offer()).body).toEqual({ status: "failed", meta: { error: "connection_already_exists" } });
    }
    expect(await active("three")).toBe(1);
    await Promise.all([first, ...others].map((client) => client?.hangUp()));
    await freed("three");
  });
});
