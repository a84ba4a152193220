/** The handler API over the real edge and a real node: what needs a client, a request or a second call. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestBrowser } from "./support/browser.ts";
import { Caller } from "./support/caller.ts";
import { EventStream } from "./support/event-stream.ts";
import { type NodeHandle, Stack, sleep, until } from "./support/stack.ts";

let stack: Stack;
let node: NodeHandle;
beforeAll(async () => {
  stack = await Stack.start("test/fixtures/handler-streams.ts");
  node = await stack.startNode();
});
afterAll(() => stack.stop());

const post = (path: string, body: unknown) =>
  fetch(`${stack.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const outputsOf = (path: string, { clientId }: Caller) =>
  EventStream.open(`${stack.url}${path}/outputs?webrtc_id=${clientId}`);

async function active(name: string): Promise<number | undefined> {
  const streams = (await (await fetch(`${stack.url}/streams`)).json()) as { name: string; active: number }[];
  return streams.find((stream) => stream.name === name)?.active;
}

function loudest(samples: Int16Array): number {
  return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

describe("row 61: audio from the server to the client", () => {
  it("begins with the first inputs, without a microphone, and ends the call", async () => {
    const caller = await new Caller({ url: stack.url, path: "/radio", receiveOnly: true }).connect();
    await sleep(500);
    expect(caller.packets).toBe(0);
    expect((await post("/radio/input_hook", { webrtc_id: caller.clientId, volume: 0.25 })).status).toBe(200);
    await until(() => caller.of("end_stream").length === 1);
    expect(caller.packets).toBeGreaterThanOrEqual(48);
    expect(Math.abs(loudest(caller.recording()) - 4_000)).toBeLessThan(600);
    await caller.hangUp();
  });

  it("begins by itself where the stream says so, and needs no data channel", async () => {
    const options = { url: stack.url, path: "/announcement", receiveOnly: true, dataChannel: false };
    const caller = await new Caller(options).connect();
    await until(() => caller.packets >= 48);
    await caller.hangUp();
  });
});

describe("row 61: the built-in page", () => {
  it("plays it in real Chromium without asking for a microphone, and sees the call end", async () => {
    const browser = await TestBrowser.launch();
    try {
      const tab = await browser.open(`${stack.url}/?stream=radio`);
      await tab.page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error("no microphone here"));
      });
      await tab.page.getByTestId("call-button").click();
      await until(async () => loudest(await tab.recording()) > 4_000, 20_000);
      await until(async () => (await active("radio")) === 0);
      expect(await tab.texts("error")).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

describe("row 65: the session's context", () => {
  it("has the client's id, and of its headers those that the stream asks for", async () => {
    const headers = { "x-user": "ada", authorization: "Bearer token", "x-other": "not for you" };
    const caller = await new Caller({ url: stack.url, path: "/desk", headers }).connect();
    const outputs = await outputsOf("/desk", caller);
    expect((await outputs.next())?.data).toEqual({
      clientId: caller.clientId,
      stream: "desk",
      headers: { "x-user": "ada", authorization: "Bearer token" },
    });
    await until(() => caller.of("warning").length === 1);
    expect(caller.of("warning")[0]?.message).toBe("still waking up");
    await caller.hangUp();
    expect(node.log() + stack.edgeLog.join()).not.toContain("Bearer token");
  });
});

describe("messages of the client's own", () => {
  it("reach the handler, and are echoed as before", async () => {
    const caller = await new Caller({ url: stack.url, path: "/desk" }).connect();
    const outputs = await outputsOf("/desk", caller);
    await outputs.next();
    caller.send("handshake");
    caller.send('{"type":"chat","data":"Grüße"}');
    expect((await outputs.next())?.data).toEqual({ got: { type: "chat", data: "Grüße" } });
    expect(caller.of("log").map(({ data }) => data)).toEqual([
      "Server received: handshake",
      'Server received: {"type":"chat","data":"Grüße"}',
    ]);
    await caller.hangUp();
    await until(() => node.log().includes(`desk of ${caller.clientId} is shut down`));
  });
});

describe("row 54: what a handler throws outside of any call", () => {
  it("costs its session a message, and neither that nor the others in its process their call", async () => {
    const other = await new Caller({ url: stack.url, path: "/desk" }).connect();
    const [shard] = await node.shardPids();
    const caller = await new Caller({ url: stack.url, path: "/stray" }).connect();
    for (const turns of [1, 2]) {
      caller.send('{"type":"go"}');
      await until(() => caller.of("error").length >= 2 * turns);
    }
    const told = caller.of("error").map(({ message }) => message);
    expect(new Set(told)).toEqual(new Set(["stray timer", "stray promise", "stray listener"]));
    await until(() => caller.packets > 20);
    other.send('{"type":"still there?"}');
    await until(() => other.of("fetch_output").length === 2);
    expect(other.of("error")).toEqual([]);
    await Promise.all([caller.hangUp(), other.hangUp()]);
    await until(() => node.log().includes(`desk of ${other.clientId} is shut down`));
    expect((await node.shardPids())[0]).toBe(shard);
  });
});

describe("row 41: shutdown", () => {
  it("is called once, and finished, where the node is stopped under the call", async () => {
    const caller = await new Caller({ url: stack.url, path: "/desk" }).connect();
    await until(() => caller.of("warning").length === 1);
    await node.stop();
    expect(node.log().split(`desk of ${caller.clientId} is shut down`)).toHaveLength(2);
    await caller.vanish();
    node = await stack.startNode();
  });
});

describe("streamEvery", () => {
  it("hands over chunks, and its state survives a call that is cut off and rejoins", async () => {
    const first = await new Caller({ url: stack.url, path: "/counter", hello: true }).connect();
    await first.silence(2_300);
    await until(() => first.of("bye").length === 1);
    const chunks = first.of("output").map(({ data }) => data);
    expect(chunks[0]).toEqual([1, 1_600]);
    expect(chunks.length).toBeGreaterThanOrEqual(15);
    const bye = first.of("bye")[0]?.data;
    const ticket = bye !== null && typeof bye === "object" && "ticket" in bye ? String(bye.ticket) : "";
    await first.vanish();

    const again = new Caller({ url: stack.url, path: "/counter", hello: true, ticket });
    await again.connect();
    await again.silence(500);
    await until(() => again.of("output").length > 0);
    expect(again.of("output")[0]?.data).toEqual([chunks.length + 1, 1_600]);
    await again.hangUp();
  });
});
