/** The offer endpoint against the real edge and a real node: connecting in every way clients do, refusals, limits. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Caller } from "./support/caller.ts";
import { Stack, until } from "./support/stack.ts";

let stack: Stack;
/** A client that got its answer and never connects; half a minute passes until it is given up, while the other tests run. */
let abandoned: { readonly answer: unknown; readonly slots: number };

beforeAll(async () => {
  stack = await Stack.start("test/fixtures/streams.ts");
  await stack.startNode();
  const caller = new Caller({ url: stack.url, path: "/tolerant", candidates: "none" });
  const { body } = await caller.offer();
  await caller.hangUp();
  abandoned = { answer: body["type"], slots: await active("tolerant") };
});
afterAll(() => stack.stop());

const active = async (name: string): Promise<number> => {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as { name: string; active: number }[];
  return streams.find((stream) => stream.name === name)?.active ?? -1;
};

describe("connecting", () => {
  it("answers with sdp and type, complete, end-of-candidates included", async () => {
    const caller = new Caller({ url: stack.url, path: "/loopback" });
    const { status, body } = await caller.offer();
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(["sdp", "type"]);
    expect(body["type"]).toBe("answer");
    expect(caller.answer).toContain("a=candidate:");
    expect(caller.answer).toContain("a=end-of-candidates");
    expect(caller.answer).toContain("a=setup:passive");
    await until(() => caller.state === "connected");
    await caller.hangUp();
  });

  it.each(["in_offer", "before_offer", "after_answer", "none"] as const)(
    "connects with candidates %s",
    async (candidates) => {
      const caller = await new Caller({ url: stack.url, path: "/loopback", candidates }).connect();
      const expected =
        candidates === "before_offer"
          ? { status: "failed", meta: { error: "unknown_connection" } }
          : { status: "success" };
      for (const reply of caller.candidateReplies) expect(reply).toEqual(expected);
      const trickles = candidates === "before_offer" || candidates === "after_answer";
      expect(caller.candidateReplies.length > 0).toBe(trickles);
      await caller.silence(200);
      await until(() => caller.packets > 5);
      await caller.hangUp();
    },
  );

  it("accepts a data channel of any label, and echoes what is sent on it", async () => {
    const caller = await new Caller({ url: stack.url, path: "/loopback", label: "test-data-channel" }).connect();
    caller.send("handshake");
    await until(() => caller.rawMessages.length > 0);
    expect(caller.rawMessages[0]).toBe('{"type": "log", "data": "Server received: handshake"}');
    await caller.hangUp();
  });

  it("stays silent without a data channel, and frees the slot when the client goes", async () => {
    const caller = await new Caller({ url: stack.url, path: "/single", dataChannel: false }).connect();
    await caller.silence(500);
    expect(caller.packets).toBe(0);
    await until(async () => (await active("single")) === 1);
    await caller.hangUp();
    await until(async () => (await active("single")) === 0);
  });
});

describe("limits", () => {
  it("refuses a second call with the limit, and takes it once the first is gone", async () => {
    const first = await new Caller({ url: stack.url, path: "/single" }).connect();
    const second = new Caller({ url: stack.url, path: "/single" });
    const refused = await second.offer();
    expect(refused).toEqual({
      status: 200,
      body: { status: "failed", meta: { error: "concurrency_limit_reached", limit: 1 } },
    });
    await first.hangUp();
    await until(async () => (await active("single")) === 0, 2_000);
    const third = await new Caller({ url: stack.url, path: "/single" }).connect();
    await third.hangUp();
    await second.hangUp();
    await until(async () => (await active("single")) === 0);
  });

  it("is exact when many call at once", async () => {
    const callers = Array.from({ length: 10 }, () => new Caller({ url: stack.url, path: "/three" }));
    const replies = await Promise.all(callers.map((caller) => caller.offer()));
    expect(replies.filter(({ body }) => body["type"] === "answer")).toHaveLength(3);
    expect(replies.filter(({ body }) => body["status"] === "failed")).toHaveLength(7);
    await until(() => callers.filter(({ state }) => state === "connected").length === 3);
    await Promise.all(callers.map((caller) => caller.hangUp()));
    await until(async () => (await active("three")) === 0);
  });

  it("refuses an id that is in a call, before it looks at the limit", async () => {
    const first = await new Caller({ url: stack.url, path: "/single", clientId: "twice" }).connect();
    const second = new Caller({ url: stack.url, path: "/single", clientId: "twice" });
    expect((await second.offer()).body).toEqual({ status: "failed", meta: { error: "connection_already_exists" } });
    await Promise.all([first.hangUp(), second.hangUp()]);
    await until(async () => (await active("single")) === 0);
  });

  it("ends a call at its time limit, counted from connected", async () => {
    const caller = await new Caller({ url: stack.url, path: "/brief", hello: true }).connect();
    await until(() => caller.of("session").length > 0);
    expect(caller.of("session")[0]?.data).toMatchObject({ stream: "brief", timeLimitMs: 2_000 });
    await until(() => caller.of("bye").length > 0, 5_000);
    expect(caller.of("bye")[0]?.data).toEqual({ reason: "time_limit" });
    await until(async () => (await active("brief")) === 0, 2_000);
    await caller.hangUp();
  });
});

describe("garbage", () => {
  const audioSection =
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n";
  const videoSection = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n";
  const head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
  const identity = `a=ice-ufrag:abcd\r\na=ice-pwd:${"x".repeat(22)}\r\na=fingerprint:sha-256 ${"AB:".repeat(31)}AB\r\n`;

  it.each([
    ["no sdp", { type: "offer" }, 400, "invalid_sdp"],
    ["null sdp", { type: "offer", sdp: null }, 400, "invalid_sdp"],
    ["no SDP at all", { type: "offer", sdp: "garbage" }, 400, "invalid_sdp"],
    ["no media", { type: "offer", sdp: head }, 400, "invalid_sdp"],
    ["sections without transport", { type: "offer", sdp: head + audioSection }, 400, "invalid_sdp"],
    [
      "a track of another kind",
      { type: "offer", sdp: head + identity + audioSection + videoSection },
      400,
      "unsupported_track_kind",
    ],
    ["no Opus", { type: "offer", sdp: head + identity + audioSection.replace("opus", "PCMU") }, 400, "no_common_codec"],
    ["an unknown type", { type: "answer", sdp: head + audioSection }, 400, "invalid_offer_type"],
    ["a large sdp", { type: "offer", sdp: head + audioSection + "a=x\r\n".repeat(14_000) }, 400, "invalid_sdp"],
    ["a huge body", { type: "offer", sdp: "v=0\r\n".repeat(100_000) }, 413, "body_too_large"],
  ])("%s is refused and costs no slot", async (_, body, status, error) => {
    const caller = new Caller({ url: stack.url, path: "/single" });
    const reply = await caller.post({ ...body, webrtc_id: `bad${Math.random()}` });
    expect(reply.body).toMatchObject({ status: "failed", meta: { error } });
    expect(reply.status).toBe(status);
    expect(await active("single")).toBe(0);
    await caller.hangUp();
  });

  it("an unknown stream is 404, with what to do", async () => {
    const caller = new Caller({ url: stack.url, path: "/nosuch" });
    const { status, body } = await caller.offer();
    expect(status).toBe(404);
    expect(body).toMatchObject({ status: "failed", meta: { error: "unknown_stream" } });
    await caller.hangUp();
  });

  it("a client that never connects loses its slot", async () => {
    expect(abandoned).toEqual({ answer: "answer", slots: 1 });
    await until(async () => (await active("tolerant")) === 0, 40_000);
  });
});
