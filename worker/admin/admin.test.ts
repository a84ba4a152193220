import { listDurableObjectIds } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { Directory, MediaNode, Stream } from "../objects/index.ts";
import { get, offer } from "../testing/client.ts";
import { assertDocumented } from "../testing/documented.ts";
import { descriptor, FakeNode, READY } from "../testing/fake-node.ts";

const TOKEN = "token-of-the-tests";

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly json: unknown;
}

async function admin(method: string, path: string, body?: unknown, token: string | null = TOKEN): Promise<Reply> {
  const response = await exports.default.fetch(`http://edge/admin/api${path}`, {
    method,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const json: unknown = await response.json();
  assertDocumented(method, `/admin/api${path.replace(/\?.*/, "")}`, response.status, json);
  return { status: response.status, headers: response.headers, json };
}

const failed = (code: string) => ({ status: "failed", meta: { error: code } });

describe("the operators' API", () => {
  it("is closed without the token, with a wrong one, and with the nodes' secret", async () => {
    for (const token of [null, "wrong", "test-secret", `${TOKEN}x`, TOKEN.slice(1)]) {
      const reply = await admin("GET", "/overview", undefined, token);
      expect(reply.status).toBe(401);
      expect(reply.json).toMatchObject(failed("admin_unauthorized"));
      expect(reply.headers.get("www-authenticate")).toBe("Bearer");
    }
  });

  it("tells a stranger nothing of what exists, not even which routes", async () => {
    for (const [method, path] of [
      ["GET", "/nowhere"],
      ["POST", "/nodes/n/drain"],
      ["PUT", "/streams/s/limit"],
      ["DELETE", "/streams/s/sessions/c"],
      ["PATCH", "/overview"],
    ] as const) {
      expect((await admin(method, path, undefined, null)).status).toBe(401);
    }
  });

  it("gives no other origin's page leave to read it", async () => {
    const reply = await admin("GET", "/overview");
    expect(reply.status).toBe(200);
    expect(reply.headers.get("access-control-allow-origin")).toBeNull();
    expect(reply.headers.get("cache-control")).toBe("no-store");
  });

  it("says which methods a route takes, and which routes there are not", async () => {
    const wrong = await admin("DELETE", "/overview");
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET"]);
    expect((await admin("GET", "/nowhere")).status).toBe(404);
  });
});

describe("the overview", () => {
  it("shows a node with its state, load, version, region and sessions, and a stream with limit and active", async () => {
    const load = { ...READY, capacity: 40, cpu: 0.5 };
    const streams = [descriptor("view1", { concurrencyLimit: 3, ui: { title: "View" } }), descriptor("view2")];
    const node = await FakeNode.start({ nodeId: "view-node", streams, load });
    await offer("view1", "abc");
    await offer("view2", "abc");
    const { json } = await admin("GET", "/overview");
    expect(json).toMatchObject({
      nodes: expect.arrayContaining([
        expect.objectContaining({
          nodeId: "view-node",
          state: "up",
          epoch: 1,
          version: "0.1.0",
          sessions: 2,
          capacity: 40,
          cpu: 0.5,
          streams: ["view1", "view2"],
        }),
      ]),
      streams: expect.arrayContaining([
        expect.objectContaining({
          name: "view1",
          path: "/view1",
          title: "View",
          limit: 3,
          descriptorLimit: 3,
          operatorLimit: null,
          active: 1,
          waiting: 0,
          nodesReady: 1,
        }),
      ]),
      streamsLeftOut: 0,
    });
    node.drop();
  });

  it("has the region that a node names", async () => {
    const node = new FakeNode({ nodeId: "region-node", streams: [descriptor("region1")] });
    await node.connect({ region: "eu-central" });
    expect(await nodeNamed("region-node")).toMatchObject({ region: "eu-central" });
    node.drop();
  });

  it("tells a node that starts from one that drains, and knows when one is gone", async () => {
    const starting = { ...READY, ready: false };
    const node = await FakeNode.start({ nodeId: "life-node", streams: [descriptor("life1")], load: starting });
    expect(await nodeNamed("life-node")).toMatchObject({ state: "starting" });
    await node.report([], READY);
    expect(await nodeNamed("life-node")).toMatchObject({ state: "up" });
    await node.report([], { ...READY, ready: false, draining: true });
    expect(await nodeNamed("life-node")).toMatchObject({ state: "draining" });
    node.drop();
    await expect.poll(() => nodeNamed("life-node"), { timeout: 5_000 }).toMatchObject({ state: "suspect" });
  });
});

describe("what looking costs", () => {
  it("is two calls of the Directory and one of each stream: no node's object is woken", async () => {
    const node = await FakeNode.start({ nodeId: "cost-1", streams: [descriptor("cost1")] });
    const reads = [vi.spyOn(Directory.prototype, "nodes"), vi.spyOn(Directory.prototype, "list")];
    const overviews = vi.spyOn(Stream.prototype, "overview");
    const woken = [vi.spyOn(MediaNode.prototype, "command"), vi.spyOn(MediaNode.prototype, "fetch")];
    const { json } = await admin("GET", "/overview");
    expect(reads.map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    expect(overviews.mock.calls.length).toBe(Object(json).streams.length);
    expect(woken.map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
    vi.restoreAllMocks();
    node.drop();
  });

  it("for what nobody has is no object at all", async () => {
    const count = async () => {
      const ids = [
        listDurableObjectIds(env.STREAM),
        listDurableObjectIds(env.SESSION),
        listDurableObjectIds(env.MEDIA_NODE),
      ];
      return (await Promise.all(ids)).map(({ length }) => length);
    };
    const before = await count();
    for (let index = 0; index < 5; index += 1) {
      await admin("GET", `/streams/random-${index}/sessions`);
      await admin("PUT", `/streams/random-${index}/limit`, { limit: 1 });
      await admin("DELETE", `/streams/random-${index}/sessions/a`);
      await admin("POST", `/nodes/random-${index}/drain`);
    }
    expect(await count()).toEqual(before);
  });
});

describe("a stream's limit", () => {
  it("changes live: it counts from the next admission, and ends nothing", async () => {
    const node = await FakeNode.start({ nodeId: "limit-1", streams: [descriptor("limit1", { concurrencyLimit: 2 })] });
    await offer("limit1", "a");
    await offer("limit1", "b");
    const reply = await admin("PUT", "/streams/limit1/limit", { limit: 1 });
    expect([reply.status, reply.json]).toEqual([200, { limit: 1, operatorLimit: 1, active: 2 }]);
    expect(node.sessions).toHaveLength(2);
    expect((await offer("limit1", "c")).json).toEqual({
      status: "failed",
      meta: { error: "concurrency_limit_reached", limit: 1 },
    });
    await admin("PUT", "/streams/limit1/limit", { limit: 3 });
    expect((await offer("limit1", "c")).json).toMatchObject({ type: "answer" });
    node.drop();
  });

  it("holds against a node's later hello, and shows in /config and /streams", async () => {
    const node = await FakeNode.start({ nodeId: "limit-2", streams: [descriptor("limit2", { concurrencyLimit: 5 })] });
    await admin("PUT", "/streams/limit2/limit", { limit: 7 });
    await node.connect({ streams: [descriptor("limit2", { concurrencyLimit: 50, build: 2 })] });
    expect((await get("/limit2/config")).json).toMatchObject({ concurrencyLimit: 7 });
    expect((await get("/streams")).json).toContainEqual(expect.objectContaining({ name: "limit2", limit: 7 }));
    const back = await admin("PUT", "/streams/limit2/limit", { limit: null });
    expect(back.json).toMatchObject({ limit: 50, operatorLimit: null });
    node.drop();
  });

  it("is refused where it is no limit, or of no stream", async () => {
    const node = await FakeNode.start({ nodeId: "limit-3", streams: [descriptor("limit3")] });
    for (const body of ["", "{", "[]", "{}", { limit: -1 }, { limit: 1.5 }, { limit: "3" }, { limit: 1e9 }]) {
      const reply = await admin("PUT", "/streams/limit3/limit", body);
      expect([reply.status, reply.json]).toMatchObject([422, failed("invalid_request")]);
    }
    expect((await admin("PUT", "/streams/limit3/limit", "x".repeat(5_000))).status).toBe(413);
    expect((await admin("PUT", "/streams/nobody/limit", { limit: 1 })).status).toBe(404);
    node.drop();
  });
});

describe("sessions", () => {
  it("are listed page by page, inspected, and ended by their node", async () => {
    const streams = [descriptor("list1", { concurrencyLimit: 9 })];
    const node = await FakeNode.start({ nodeId: "list-1", streams });
    for (const id of ["c", "a", "b"]) await offer("list1", id);
    const first = await admin("GET", "/streams/list1/sessions?count=2");
    expect(first.json).toMatchObject({ sessions: [{ clientId: "a" }, { clientId: "b" }], next: "b" });
    const second = await admin("GET", "/streams/list1/sessions?count=2&after=b");
    expect(second.json).toMatchObject({
      sessions: [{ clientId: "c", state: "pending", nodeId: "list-1" }],
      next: null,
    });

    const { sid } = node.sessions.find(({ clientId }) => clientId === "b") ?? { sid: "" };
    await node.connected(sid);
    const detail = await admin("GET", "/streams/list1/sessions/b");
    expect(detail.json).toMatchObject({
      state: "live",
      sid,
      clientId: "b",
      stream: "list1",
      nodeId: "list-1",
      epoch: 1,
    });

    const ended = await admin("DELETE", `/streams/list1/sessions/b?sid=${sid}`);
    expect([ended.status, ended.json]).toEqual([202, { status: "ending" }]);
    expect(node.commands).toContainEqual(expect.objectContaining({ command: "end", sid, reason: "ended_by_edge" }));
    const ref = { sid, stream: "list1", clientId: "b" };
    await node.report([{ ...ref, event: "ended", reason: "ended_by_edge" }]);
    expect((await admin("GET", "/streams/list1/sessions/b")).json).toMatchObject({
      state: "ended",
      reason: "ended_by_edge",
    });
    node.drop();
  });

  it("of another incarnation are left alone", async () => {
    const node = await FakeNode.start({ nodeId: "list-2", streams: [descriptor("list2")] });
    await offer("list2", "a");
    const other = `s_${"0".repeat(32)}`;
    expect((await admin("DELETE", `/streams/list2/sessions/a?sid=${other}`)).status).toBe(404);
    expect(node.sessions).toHaveLength(1);
    node.drop();
  });

  it("that the node does not know are over: their slot is free again", async () => {
    const node = await FakeNode.start({ nodeId: "list-3", streams: [descriptor("list3")] });
    await offer("list3", "a");
    node.onCommand = () => ({ ok: false, error: "connection_closed" });
    // Its offer might still be on the way: the slot is kept.
    const early = await admin("DELETE", "/streams/list3/sessions/a");
    expect([early.status, early.json]).toMatchObject([409, failed("session_starting")]);
    await node.connected(node.sessions[0]?.sid ?? "");
    expect((await admin("DELETE", "/streams/list3/sessions/a")).json).toEqual({ status: "ended" });
    expect((await admin("GET", "/streams/list3/sessions")).json).toEqual({ sessions: [], next: null });
    node.drop();
  });

  it("that never were, and pages that cannot be, are refused", async () => {
    const node = await FakeNode.start({ nodeId: "list-4", streams: [descriptor("list4")] });
    for (const method of ["GET", "DELETE"]) {
      expect((await admin(method, "/streams/list4/sessions/nobody")).json).toMatchObject(failed("unknown_session"));
    }
    for (const count of ["0", "201", "-1", "x"]) {
      expect((await admin("GET", `/streams/list4/sessions?count=${count}`)).status).toBe(422);
    }
    expect((await admin("GET", "/streams/nobody/sessions")).status).toBe(404);
    node.drop();
  });
});

describe("draining a node", () => {
  it("tells the node, with the operator's deadline or without one", async () => {
    const node = await FakeNode.start({ nodeId: "drain-1", streams: [descriptor("drain1")] });
    const reply = await admin("POST", "/nodes/drain-1/drain", { timeoutMs: 5_000 });
    expect([reply.status, reply.json]).toEqual([202, { status: "draining" }]);
    await admin("POST", "/nodes/drain-1/drain");
    const drains = node.commands.filter(({ command }) => command === "drain");
    expect(drains).toMatchObject([{ timeoutMs: 5_000 }, { timeoutMs: null }]);
    node.drop();
  });

  it("is refused for a node that never was, and for a deadline that is none", async () => {
    expect((await admin("POST", "/nodes/nobody/drain")).json).toMatchObject(failed("unknown_node"));
    for (const body of ["{", { timeoutMs: -1 }, { timeoutMs: "soon" }, { timeoutMs: 1e12 }]) {
      expect((await admin("POST", "/nodes/drain-1/drain", body)).status).toBe(422);
    }
  });

  it("says so when the node cannot be reached", async () => {
    const node = new FakeNode({ nodeId: "drain-2", streams: [descriptor("drain2")] });
    await node.connect();
    node.onCommand = () => ({ ok: false, error: "internal", message: "no" });
    const reply = await admin("POST", "/nodes/drain-2/drain");
    expect([reply.status, reply.json]).toMatchObject([500, failed("internal")]);
    node.drop();
  });
});

async function nodeNamed(name: string): Promise<unknown> {
  const { json } = await admin("GET", "/overview");
  const nodes: unknown = typeof json === "object" && json !== null ? Reflect.get(json, "nodes") : [];
  return Array.isArray(nodes) ? nodes.find((node: { nodeId?: unknown }) => node.nodeId === name) : undefined;
}
