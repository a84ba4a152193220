import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import {
  type EdgeMessage,
  LINK_PING,
  LINK_PONG,
  LinkClose,
  NODE_FENCE_MS,
  NODE_ID_HEADER,
  NODE_REDIAL_GRACE_MS,
  NODE_SUSPECT_MS,
  type NodeMessage,
  type ReplyBody,
} from "../../shared/link.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { NodeLink, type NodeLinkOptions } from "./node-link.ts";

/** The edge's side, as a script: what it received, and the means to answer. */
class FakeEdge {
  readonly server: WebSocketServer;
  readonly received: NodeMessage[] = [];
  readonly headers: Record<string, string | string[] | undefined>[] = [];
  pings = 0;
  socket: WebSocket | undefined;
  answersPings = true;
  #seq = 0;

  static async start(port = 0): Promise<FakeEdge> {
    const edge = new FakeEdge(port);
    await new Promise((resolve) => edge.server.once("listening", resolve));
    return edge;
  }

  private constructor(port: number) {
    this.server = new WebSocketServer({ port, host: "127.0.0.1" });
    this.server.on("connection", (socket, request) => {
      this.socket = socket;
      this.#seq = 0;
      this.headers.push(request.headers);
      socket.on("message", (data) => {
        if (String(data) === LINK_PING) {
          this.pings += 1;
          if (this.answersPings) socket.send(LINK_PONG);
        } else this.received.push(JSON.parse(String(data)));
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  send(message: Pick<EdgeMessage, "kind" | "body">, ack = 0): void {
    this.#seq += 1;
    this.socket?.send(JSON.stringify({ v: 1, seq: this.#seq, ack, ...message }));
  }

  welcome(epoch = 7, end: string[] = []): void {
    this.send({ kind: "welcome", body: { epoch, end } });
  }

  of<K extends NodeMessage["kind"]>(kind: K): Extract<NodeMessage, { kind: K }>[] {
    return this.received.filter((message): message is Extract<NodeMessage, { kind: K }> => message.kind === kind);
  }

  async close(): Promise<void> {
    this.socket?.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const sid = (n: number): string => `s_${String(n).padStart(32, "0")}`;
const ref = (n: number) => ({ sid: sid(n), stream: "echo", clientId: `c${n}` });
const command = (id: string) =>
  ({ kind: "command", body: { id, command: "end", ...ref(1), reason: "ended_by_edge" } }) as const;

let edge: FakeEdge;
let clock: VirtualClock;
let link: NodeLink | undefined;

beforeEach(async () => {
  edge = await FakeEdge.start();
  clock = new VirtualClock();
});
afterEach(async () => {
  await link?.stop(0);
  link = undefined;
  await edge.close();
});

function start(options: Partial<NodeLinkOptions> = {}) {
  const seen = { vouchedUntilMs: 0, replaced: 0, ended: [] as string[], commands: [] as string[], linked: 0 };
  link = new NodeLink({
    edgeUrl: edge.url,
    credentials: { authorization: async (path, epoch) => `Bearer ${path} ${epoch}`, edgeTimeIs: () => undefined },
    nodeId: "n1",
    clock,
    random: () => 0.5,
    log: { info: () => undefined, warn: () => undefined },
    describe: () => ({ version: "0", streams: [], sessions: [] }),
    load: () => ({ sessions: 0, capacity: 10, cpu: 0, ready: true }),
    onCommand: async ({ id }): Promise<ReplyBody> => {
      seen.commands.push(id);
      return { id, ok: true };
    },
    onEnd: (sids) => seen.ended.push(...sids),
    machineTimeMs: () => clock.nowMs(),
    onVouched: (untilMs) => {
      seen.vouchedUntilMs = untilMs;
    },
    onReplaced: () => {
      seen.replaced += 1;
    },
    alive: () => true,
    onLinked: () => {
      seen.linked += 1;
    },
    ...options,
  });
  link.start();
  return { link, seen };
}

async function linked(options: Partial<NodeLinkOptions> = {}) {
  const started = start(options);
  await vi.waitFor(() => expect(edge.of("hello")).toHaveLength(1));
  edge.welcome();
  await vi.waitFor(() => expect(started.seen.linked).toBe(1));
  return started;
}

/** The edge drops the socket; the node comes back. */
async function redial(hellos: number): Promise<void> {
  edge.socket?.terminate();
  await vi.waitFor(async () => {
    await clock.advanceAsync(100);
    expect(edge.of("hello")).toHaveLength(hellos);
  });
}

describe("NodeLink", () => {
  it("dials with a token and its name, says hello, and ends what the edge no longer knows", async () => {
    const { seen } = start();
    await vi.waitFor(() => expect(edge.of("hello")).toHaveLength(1));
    expect(edge.headers[0]).toMatchObject({ authorization: "Bearer /node/link null", [NODE_ID_HEADER]: "n1" });
    expect(edge.of("hello")[0]).toMatchObject({ v: PROTOCOL_VERSION, seq: 1, body: { nodeId: "n1", epoch: null } });
    edge.welcome(3, [sid(9)]);
    await vi.waitFor(() => expect(seen.ended).toEqual([sid(9)]));
  });

  it("says goodbye once every command is answered and every report acknowledged", async () => {
    const answered = Promise.withResolvers<ReplyBody>();
    const { link: node } = await linked({ onCommand: () => answered.promise });
    edge.send(command("slow"));
    node.report({ ...ref(1), event: "connected" });
    await vi.waitFor(async () => {
      await clock.advanceAsync(20);
      expect(edge.of("report")).toHaveLength(1);
    });
    const code = new Promise<number>((resolve) => edge.socket?.once("close", resolve));
    const stopped = node.stop(60_000);
    await clock.advanceAsync(1_000);
    expect(node.phase).toBe("linked");
    answered.resolve({ id: "slow", ok: true });
    await clock.advanceAsync(1_000);
    expect(node.phase).toBe("linked");
    edge.send({ kind: "ack", body: {} }, edge.of("report")[0]?.seq);
    await vi.waitFor(async () => {
      await clock.advanceAsync(20);
      expect(node.phase).toBe("stopped");
    });
    await stopped;
    expect(await code).toBe(LinkClose.goodbye);
    expect(edge.of("reply").map(({ body }) => body.id)).toEqual(["slow"]);
    expect(clock.pending).toBe(0);
  });

  it("keeps its epoch when it comes back, and says again what was not acknowledged", async () => {
    const { link: node } = await linked();
    node.report({ ...ref(1), event: "connected" });
    await clock.advanceAsync(50);
    await vi.waitFor(() => expect(edge.of("report")).toHaveLength(1));
    edge.send({ kind: "ack", body: {} }, edge.of("report")[0]?.seq);
    await vi.waitFor(async () => {
      node.report({ ...ref(2), event: "connected" });
      await clock.advanceAsync(50);
      expect(edge.of("report").length).toBeGreaterThan(1);
    });
    const before = edge.of("report").length;
    await redial(2);
    expect(edge.of("hello")[1]?.body.epoch).toBe(7);
    edge.welcome();
    await vi.waitFor(() => expect(edge.of("report").length).toBeGreaterThan(before));
    const repeated = edge
      .of("report")
      .slice(before)
      .flatMap(({ body }) => body.events.map((event) => event.sid));
    expect(repeated).toContain(sid(2));
    expect(repeated).not.toContain(sid(1));
  });

  it("does a command once, and answers it as often as it comes", async () => {
    const { seen } = await linked();
    edge.send(command("a"));
    edge.send(command("a"));
    await vi.waitFor(() => expect(edge.of("reply")).toHaveLength(2));
    expect(seen.commands).toEqual(["a"]);
    await redial(2);
    edge.welcome();
    edge.send(command("a"));
    await vi.waitFor(() => expect(edge.of("reply")).toHaveLength(3));
    expect(seen.commands).toEqual(["a"]);
  });

  it("answers a command that fails with the cause", async () => {
    await linked({ onCommand: () => Promise.reject(new Error("no")) });
    edge.send(command("b"));
    await vi.waitFor(() => expect(edge.of("reply")[0]?.body).toMatchObject({ id: "b", ok: false, error: "internal" }));
  });

  it("is not put off by garbage", async () => {
    const { seen } = await linked();
    edge.socket?.send("garbage");
    edge.socket?.send('{"v":1}');
    edge.send(command("c"));
    await vi.waitFor(() => expect(seen.commands).toEqual(["c"]));
  });

  it("passes the edge's word on, counted from when it asked for it", async () => {
    const { seen } = await linked();
    expect(seen.vouchedUntilMs).toBe(NODE_FENCE_MS);
    await vi.waitFor(async () => {
      await clock.advanceAsync(100);
      expect(seen.vouchedUntilMs).toBeGreaterThan(NODE_FENCE_MS);
    });
    // A pong that is read after a long pause is as old as its ping.
    edge.answersPings = false;
    const pings = edge.pings;
    await vi.waitFor(async () => {
      await clock.advanceAsync(100);
      expect(edge.pings).toBe(pings + 1);
    });
    const pingedMs = clock.nowMs();
    clock.jump(30_000);
    edge.socket?.send(LINK_PONG);
    await vi.waitFor(() => expect(seen.vouchedUntilMs).toBeGreaterThan(pingedMs + NODE_FENCE_MS - 2_000));
    expect(seen.vouchedUntilMs).toBeLessThanOrEqual(pingedMs + NODE_FENCE_MS);
  });

  it("dials anew when its pings are not answered", async () => {
    await linked();
    edge.answersPings = false;
    await clock.advanceAsync(NODE_SUSPECT_MS - 1_000);
    expect(edge.headers).toHaveLength(1);
    await vi.waitFor(async () => {
      await clock.advanceAsync(300);
      expect(edge.headers).toHaveLength(2);
    });
  });

  it("keeps a silent socket open until it is welcomed on another, so that the edge does not see it close", async () => {
    const { seen } = await linked();
    edge.answersPings = false;
    const silent = edge.socket;
    await vi.waitFor(async () => {
      await clock.advanceAsync(500);
      expect(edge.of("hello")).toHaveLength(2);
    });
    const vouchedUntilMs = seen.vouchedUntilMs;
    expect(silent?.readyState).toBe(WebSocket.OPEN);
    edge.welcome();
    await vi.waitFor(() => expect(silent?.readyState).toBe(WebSocket.CLOSED));
    expect(seen.vouchedUntilMs).toBeGreaterThan(vouchedUntilMs);
  });

  it("takes its sessions' time back when its socket closes, and gives it again while the edge is down", async () => {
    const { seen } = await linked();
    await vi.waitFor(async () => {
      await clock.advanceAsync(100);
      expect(seen.vouchedUntilMs).toBeGreaterThan(NODE_FENCE_MS);
    });
    const whole = seen.vouchedUntilMs;
    edge.socket?.terminate();
    await vi.waitFor(() => expect(seen.vouchedUntilMs).toBeLessThan(clock.nowMs() + NODE_REDIAL_GRACE_MS));
    await edge.close();
    await vi.waitFor(async () => {
      await clock.advanceAsync(100);
      expect(seen.vouchedUntilMs).toBe(whole);
    });
    edge = await FakeEdge.start();
  });

  it("does not take its own silence for the edge's", async () => {
    await linked({ alive: () => false });
    await clock.advanceAsync(NODE_FENCE_MS);
    expect(edge.headers).toHaveLength(1);
  });

  it("ends its sessions when another run takes its name, and not when its own next socket does", async () => {
    const { seen } = await linked();
    edge.socket?.close(LinkClose.replaced, "a newer run is here");
    await vi.waitFor(() => expect(seen.replaced).toBe(1));
    await redial(2);
    expect(seen.replaced).toBe(1);
  });

  it("refuses a command that it does not know, as a newer edge may send", async () => {
    await linked();
    edge.socket?.send(JSON.stringify({ v: 3, seq: 2, ack: 0, kind: "command", body: { id: "new", command: "sing" } }));
    await vi.waitFor(() =>
      expect(edge.of("reply")[0]?.body).toEqual({ id: "new", ok: false, error: "protocol_mismatch" }),
    );
  });

  it("stays silent while it cannot vouch for its shards", async () => {
    await linked({ alive: () => false });
    await clock.advanceAsync(10_000);
    expect(edge.pings).toBe(0);
  });

  it("reports load when it has changed, not more often than once a second", async () => {
    let sessions = 0;
    const { link: node } = await linked({
      load: () => ({ sessions, capacity: 10, cpu: 0, ready: true }),
    });
    for (sessions = 1; sessions <= 5; sessions++) node.reportLoad();
    await vi.waitFor(() => expect(edge.of("report")).toHaveLength(1));
    await clock.advanceAsync(1_100);
    await vi.waitFor(() => expect(edge.of("report")).toHaveLength(2));
    expect(edge.of("report").map(({ body }) => body.load?.sessions)).toEqual([1, 6]);
  });

  it("keeps trying an edge that is not there, and leaves nothing behind when stopped", async () => {
    const probe = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => probe.once("listening", resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const { link: node } = start({ edgeUrl: `http://127.0.0.1:${port}` });
    await vi.waitFor(() => expect(node.phase).toBe("waiting"));
    const late = await FakeEdge.start(port);
    await vi.waitFor(async () => {
      await clock.advanceAsync(200);
      expect(late.of("hello")).toHaveLength(1);
    });
    await node.stop(0);
    expect(clock.pending).toBe(0);
    await late.close();
  });
});
