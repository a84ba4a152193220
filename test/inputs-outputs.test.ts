/** A call's inputs and outputs over the real edge and a real node: routes, event stream, a Worker with routes of its own. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Caller } from "./support/caller.ts";
import { EventStream } from "./support/event-stream.ts";
import { type NodeHandle, Stack, until } from "./support/stack.ts";

let stack: Stack;
let node: NodeHandle;

const post = (path: string, body: unknown = {}) =>
  fetch(`${stack.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const call = (path: string) => new Caller({ url: stack.url, path }).connect();

const outputsOf = (path: string, { clientId }: Caller, lastEventId?: string) =>
  EventStream.open(`${stack.url}${path}/outputs?webrtc_id=${clientId}`, lastEventId);

describe("the shipped Worker", () => {
  beforeAll(async () => {
    stack = await Stack.start("test/fixtures/streams.ts");
    node = await stack.startNode();
  });
  afterAll(() => stack.stop());

  it("row 64: brings inputs to the handler and outputs back, until the call ends", async () => {
    const caller = await call("/listener");
    const outputs = await outputsOf("/listener", caller);
    expect((await outputs.next())?.data).toEqual({ started: { name: "nobody", volume: 1 } });
    const send = (inputs: unknown) => post("/listener/input_hook", { webrtc_id: caller.clientId, inputs });
    expect((await send({ name: "Ada", key: "s3cret" })).status).toBe(200);
    expect((await outputs.next())?.data).toEqual([{ name: "Ada", volume: 1 }, { keyChars: 6 }]);
    expect((await send({ volume: 2 })).status).toBe(200);
    const last = await outputs.next();
    expect(last?.data).toEqual([{ name: "Ada", volume: 2 }, { keyChars: 6 }]);
    expect((await send({ volume: 3 })).status).toBe(422);
    expect(caller.of("fetch_output")).toHaveLength(3);

    const again = await outputsOf("/listener", caller, last?.id.replace(/\d+$/, "2"));
    expect((await again.next())?.data).toEqual(last?.data);
    const info = await fetch(`${stack.url}/listener/sessions/${caller.clientId}`);
    expect(await info.json()).toEqual({ state: "live", stream: "listener", since: expect.any(String) });

    await caller.hangUp();
    expect(await outputs.next()).toBeNull();
    expect(await again.next()).toBeNull();
    expect((await send({ volume: 1 })).status).toBe(404);
    expect(node.log() + stack.edgeLog.join()).not.toContain("s3cret");
  });

  it("goes on with the outputs when the edge was restarted under the call", async () => {
    const caller = await call("/listener");
    const before = await outputsOf("/listener", caller);
    const first = await before.next();
    await stack.stopEdge();
    await stack.startEdge();
    const send = () => post("/listener/input_hook", { webrtc_id: caller.clientId, name: "Grace" });
    await until(async () => (await send()).status === 200);
    const after = await outputsOf("/listener", caller, first?.id);
    expect((await after.next())?.data).toEqual([{ name: "Grace", volume: 1 }, { keyChars: null }]);
    await caller.hangUp();
    expect(await after.next()).toBeNull();
  });

  it("ends the outputs when the call's session process is killed", async () => {
    const caller = await call("/listener");
    const outputs = await outputsOf("/listener", caller);
    await outputs.next();
    for (const pid of await node.shardPids()) process.kill(pid, "SIGKILL");
    expect(await outputs.next()).toBeNull();
    await caller.vanish();
  });
});

describe("a Worker of one's own", () => {
  beforeAll(async () => {
    stack = await Stack.start("test/fixtures/streams.ts", {}, "worker/testing/own-worker.ts");
    node = await stack.startNode({ edgePath: "/voice" });
  });
  afterAll(() => stack.stop());

  it("has its own page and routes beside the edge under a prefix, and its sessions do as they are told", async () => {
    expect(await (await fetch(`${stack.url}/`)).text()).toBe("my own page");
    const caller = await call("/voice/asking");
    const act = async (action: string, body?: unknown) =>
      (await post(`/asking/${caller.clientId}/${action}`, body)).status;
    expect(await act("input", { name: "Alan", volume: 5 })).toBe(422);
    await until(async () => (await act("input", { name: "Alan", volume: 0.5 })) === 204);
    await until(async () => (await act("answer")) === 204);
    const outputs = await fetch(`${stack.url}/asking/${caller.clientId}/outputs?count=1`);
    expect(await outputs.json()).toEqual([[{ name: "Alan", volume: 0.5, spoken: false }]]);
    expect(caller.rawMessages).toContain('{"type": "send_input", "data": []}');
    expect(await act("hang_up")).toBe(204);
    await until(() => caller.rawMessages.includes('{"type": "update_connection", "data": "closed"}'));
    expect(await act("close")).toBe(204);
    await until(async () => (await act("answer")) === 404);
    const info = async (): Promise<unknown> =>
      (await fetch(`${stack.url}/voice/asking/sessions/${caller.clientId}`)).json();
    await expect.poll(info).toMatchObject({ state: "ended", reason: "ended_by_edge" });
    await caller.vanish();
  });
});
