import { createSocket, type Socket } from "node:dgram";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NodeOverview } from "../../shared/admin.ts";
import type { DoctorOptions, Machine } from "./context.ts";
import { diagnose, THIS_MACHINE } from "./doctor.ts";
import { exitCodeOf, type Finding } from "./finding.ts";
import { lineOf, summaryOf } from "./report.ts";
import { bind } from "./stun/channel.ts";
import { FakeEdge } from "./testing/fake-edge.ts";
import { type FakeTurnFaults, FakeTurnServer } from "./testing/fake-turn-server.ts";

let edge: FakeEdge;
let options: DoctorOptions;
let machine: Machine;
const cleanUp: (() => void)[] = [];

beforeEach(async () => {
  edge = await FakeEdge.start();
  options = {
    edgeUrl: edge.url,
    nodeId: "node-1",
    secret: edge.state.secret,
    adminToken: null,
    ice: { mode: "full", additionalAddresses: [], bindAddress: "127.0.0.1", portRange: undefined },
    publicUrl: null,
    stun: null,
    timeoutMs: 400,
  };
  machine = {
    ...THIS_MACHINE,
    addresses: () => ["127.0.0.1"],
    videoCodecs: async () => ({ codecs: ["vp8"], h264: "no OpenH264 was found", h264State: "off" }),
  };
});
afterEach(async () => {
  for (const close of cleanUp.splice(0)) close();
  await edge.stop();
});

const NODE: NodeOverview = {
  nodeId: "node-1",
  state: "up",
  sinceMs: 0,
  epoch: 1,
  version: "0.1.0",
  region: null,
  sessions: 1,
  capacity: 50,
  cpu: 0,
  streams: ["default"],
};

async function examine(overrides: Partial<DoctorOptions> = {}): Promise<Finding[]> {
  const told: Finding[] = [];
  const findings = await diagnose({ ...options, ...overrides }, (some) => told.push(...some), machine);
  expect(told).toEqual(findings);
  return findings;
}

/** What is wrong, by check. */
async function troubles(overrides: Partial<DoctorOptions> = {}): Promise<string[]> {
  const findings = await examine(overrides);
  return findings
    .filter(({ level }) => level === "failure" || level === "warning")
    .map(({ level, check, what }) => `${level} ${check}: ${what}`);
}

async function withTurn(faults: FakeTurnFaults = {}, credential?: string): Promise<FakeTurnServer> {
  const server = await FakeTurnServer.start(faults);
  cleanUp.push(() => server.stop());
  const iceServers = [{ urls: [server.url], username: server.username, credential: credential ?? server.credential }];
  edge.state.turn = { iceServers, ttlSeconds: 600 };
  return server;
}

describe("the doctor", () => {
  it("finds nothing where all is well, and says what it looked at", async () => {
    await withTurn();
    edge.state.nodes = [NODE];
    const findings = await examine({ adminToken: edge.state.adminToken });
    expect(findings.map(({ check, level }) => `${level} ${check}`)).toEqual([
      "ok config",
      "ok edge",
      "ok clock",
      "ok secret",
      "ok link",
      "ok nodes",
      "ok nodes",
      "ok turn",
      "skipped media",
      "ok udp",
      "ok address",
      "ok relay",
      "ok video",
    ]);
    expect(exitCodeOf(findings)).toBe(0);
    expect(summaryOf(findings)).toContain("Nothing stands in the way");
  });

  it("explains every trouble: what, why, how to fix it", async () => {
    edge.state.streams = [];
    const bad = (await examine()).filter((finding) => finding.level === "failure");
    expect(bad).toHaveLength(1);
    expect(exitCodeOf(bad)).toBe(1);
    const lines = bad.map(lineOf).join("\n").split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/Why: No node was started/);
    expect(lines[2]).toMatch(/Fix: Start one: npx edgertc node/);
  });

  it("tells options that cannot work from those that are only unwise", async () => {
    expect(await troubles({ secret: null })).toContain("failure config: There is no EDGERTC_NODE_SECRET.");
    expect(await troubles({ secret: "short" })).toContain("warning config: EDGERTC_NODE_SECRET is short.");
    expect(await troubles({ edgeUrl: "edge.example" })).toContain(
      'failure config: "edge.example" is no URL of an edge.',
    );
    const ice = { ...options.ice, portRange: [40_000, 40_003] } as const;
    expect(await troubles({ ice })).toEqual(["warning config: --udp-ports 40000-40003 are only 4 ports."]);
  });
});

describe("the edge", () => {
  it("that is not there is told from one that is something else", async () => {
    const [gone] = await troubles({ edgeUrl: "http://127.0.0.1:9" });
    expect(gone).toMatch(/failure edge: http:\/\/127.0.0.1:9 cannot be reached/);
    edge.state.foreign = "<title>Log in</title>";
    expect((await troubles())[0]).toMatch(/failure edge: Something answers .* no EdgeRTC edge: 200 <title>Log in/);
  });

  it("that is too old to talk to is named", async () => {
    edge.state.protocol = 0;
    expect((await troubles())[0]).toMatch(/^failure edge: The edge speaks protocol 0/);
  });

  it("with another secret lets nobody in", async () => {
    expect(await troubles({ secret: "another-secret-altogether" })).toContain(
      "failure secret: The media node's secret is wrong.",
    );
  });

  it("whose clock is off is one finding: its secret is right all the same", async () => {
    edge.state.clockAheadMs = 30_000;
    expect(await troubles()).toEqual(["warning clock: This machine's clock is 30.0 s behind the edge's."]);
    edge.state.clockAheadMs = -3_600_000;
    expect(await troubles()).toEqual(["failure clock: This machine's clock is 3600.0 s ahead of the edge's."]);
  });

  it("behind a proxy that knows no WebSockets has no link", async () => {
    edge.state.noWebSockets = true;
    expect(await troubles()).toEqual(["failure link: No WebSocket to the edge: HTTP 400."]);
  });
});

describe("the nodes", () => {
  it("that are missing, and lines that are busy, are named by their streams", async () => {
    edge.state.streams = [
      { name: "a", limit: 1, active: 0, nodesReady: 0 },
      { name: "b", limit: 1, active: 1, nodesReady: 1 },
    ];
    expect(await troubles()).toEqual(["failure nodes: No media node is ready for a."]);
    edge.state.streams.shift();
    expect(await troubles()).toEqual(["warning nodes: Every line is busy: b."]);
  });

  it.each([
    ["up", { sessions: 50 }, "warning nodes: node-1 is full."],
    ["starting", {}, "warning nodes: node-1 is starting."],
    ["draining", {}, "warning nodes: node-1 is draining."],
    ["suspect", {}, "failure nodes: The edge hears nothing of node-1."],
    ["lost", {}, "failure nodes: The edge hears nothing of node-1."],
  ] as const)("are seen with an admin token: %s %o", async (state, more, expected) => {
    edge.state.nodes = [{ ...NODE, state, ...more }];
    expect(await troubles({ adminToken: edge.state.adminToken })).toEqual([expected]);
  });

  it("are not this one, or cannot be seen for a wrong token", async () => {
    edge.state.nodes = [{ ...NODE, nodeId: "other" }];
    expect(await troubles({ adminToken: edge.state.adminToken })).toEqual([
      "warning nodes: The edge has never seen a node named node-1.",
    ]);
    expect(await troubles({ adminToken: "wrong" })).toEqual(["warning nodes: The token is wrong."]);
  });
});

describe("UDP and the public address", () => {
  it("cannot be had on an address of somebody else, or a port that is taken", async () => {
    const ice = { ...options.ice, bindAddress: "192.0.2.1" };
    expect((await troubles({ ice }))[0]).toMatch(/^failure udp: No UDP on 192\.0\.2\.1, port any: .*EADDRNOTAVAIL/);
    const taken = await udpSocket();
    const { port } = taken.address();
    const [trouble] = await troubles({ ice: { ...options.ice, portRange: [port, port] } }).then((all) =>
      all.filter((text) => text.includes(" udp:")),
    );
    expect(trouble).toMatch(/EADDRINUSE/);
  });

  it("are asked of a STUN server; one that does not answer means that UDP is blocked", async () => {
    const silent = await udpSocket();
    const stun = `127.0.0.1:${silent.address().port}`;
    expect(await troubles({ stun })).toEqual(["failure address: No answer over UDP from 127.0.0.1."]);
  });

  it("are held against --public-ip, and against what a NAT leaves of the port", async () => {
    const stun = await stunServer((port) => ["203.0.113.7", port]);
    const publicIp = (address: string) => ({ ice: { ...options.ice, additionalAddresses: [address] }, stun });
    expect(await troubles(publicIp("203.0.113.7"))).toEqual([]);
    expect(await troubles(publicIp("198.51.100.1"))).toEqual([
      "failure address: --public-ip is 198.51.100.1, but the world sees 203.0.113.7.",
    ]);
    const moving = await stunServer(() => ["203.0.113.7", 4_242]);
    const [moved] = await troubles({ ...publicIp("203.0.113.7"), stun: moving });
    expect(moved).toMatch(/^warning address: The NAT changes ports: \d+ became 4242/);
  });

  it("behind a NAT are a warning, and the end of ICE-lite", async () => {
    const stun = await stunServer((port) => ["203.0.113.7", port]);
    expect(await troubles({ stun })).toEqual([
      "warning address: This machine is behind a NAT: the world sees 203.0.113.7.",
    ]);
    expect(await troubles({ stun, ice: { ...options.ice, mode: "lite" } })).toEqual([
      "failure address: This machine is behind a NAT (203.0.113.7) and runs with --ice-lite.",
    ]);
  });

  it("tell a symmetric NAT, which shows every server another port", async () => {
    const servers = await Promise.all([5_001, 5_002].map((port) => stunServer(() => ["203.0.113.7", port])));
    edge.state.nodeServers = servers.map((server) => ({ urls: `stun:${server}` }));
    expect(await troubles()).toEqual([
      "warning address: This machine is behind a symmetric NAT: the world sees 203.0.113.7.",
    ]);
  });
});

describe("TURN", () => {
  it("that the provider refuses is told in the provider's words", async () => {
    edge.state.turn = "turn_refused";
    expect(await troubles()).toEqual(["failure turn: The TURN provider refused the edge."]);
  });

  it("is really tried: wrong credentials, a server that is gone, a relay that is none", async () => {
    await withTurn({}, "wrong");
    expect((await troubles())[0]).toMatch(/^failure relay: turn:.* refused: 401 Unauthorized/);
    await withTurn({ silent: true });
    expect((await troubles()).at(-1)).toMatch(/^failure relay: turn:.* does not answer over UDP/);
    await withTurn({ deaf: true });
    expect((await troubles())[0]).toMatch(/^failure relay: turn:.* made an allocation, and relayed nothing/);
    await withTurn({ refuse: { method: "CREATE_PERMISSION", code: 403 } });
    expect((await troubles())[0]).toMatch(/^failure relay: turn:.* refuses to relay to this machine \(127\.0\.0\.1\)/);
  });

  it("over a TCP port where nothing listens is told as such", async () => {
    const iceServers = [{ urls: "turn:127.0.0.1:9?transport=tcp", username: "u", credential: "c" }];
    edge.state.turn = { iceServers, ttlSeconds: 600 };
    expect((await troubles())[0]).toMatch(/^failure relay: turn:.* cannot be reached over TCP: .*ECONNREFUSED/);
  });
});

async function udpSocket(): Promise<Socket> {
  const socket = createSocket("udp4");
  await bind(socket, 0, "127.0.0.1");
  cleanUp.push(() => socket.close());
  return socket;
}

/** A STUN server behind a NAT of one's choice. @returns its `host:port`. */
async function stunServer(nat: (port: number) => readonly [string, number]): Promise<string> {
  const { classes, Message, parseMessage } = await import("werift");
  const socket = await udpSocket();
  socket.on("message", (bytes, { address, port }) => {
    const request = parseMessage(bytes);
    if (request === undefined) return;
    const reply = new Message(request.messageMethod, classes.RESPONSE, request.transactionId);
    socket.send(reply.setAttribute("XOR-MAPPED-ADDRESS", nat(port)).bytes, port, address);
  });
  return `127.0.0.1:${socket.address().port}`;
}
