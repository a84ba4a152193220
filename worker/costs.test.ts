/**
 * What each type of session uses of the platform, counted, and what a million of them cost. docs/costs.md shows the same
 * lines: a change that makes sessions dearer has to say so there.
 */
import { runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import documented from "../docs/costs.md?raw";
import { NODE_ID_HEADER, NODE_MEDIA_PATH } from "../shared/link.ts";
import { Directory, MediaNode, Session, Stream } from "./objects/index.ts";
import { CallMeter } from "./testing/call-meter.ts";
import { hook, offer, trickle } from "./testing/client.ts";
import { BRIDGED_CALL, costLine, type SessionUsage } from "./testing/costs.ts";
import { EventReader } from "./testing/event-reader.ts";
import { descriptor, FakeNode, TEST_SECRET } from "./testing/fake-node.ts";
import { rowsWritten } from "./testing/rows-written.ts";
import { EdgeSocket } from "./testing/socket.ts";

const CANDIDATES = 4;
const OUTPUTS = 10;
const INPUTS = 3;
/** The budget of a session, with its alarm. */
const MAX_ROWS = 4;
/** Frames that a call over a WebSocket is tried with. */
const FRAMES = 50;
const FRAME = '{"event":"media","media":{"payload":"////"}}';

/** Calls that last as long as the node takes to answer. */
const WAITING = [
  "Session.offer",
  "Session.openSocket",
  "Session.candidate",
  "Session.control",
  "Session.fetch",
  "MediaNode.command",
];

let node: FakeNode;
let meter: CallMeter;

afterEach(() => {
  vi.restoreAllMocks();
  meter.stop();
  node.drop();
});

/** A stream of its own, whose Directory entry the Worker has cached, and what it counts from then on. */
async function begin(name: string) {
  node = await FakeNode.start({ nodeId: `node-of-${name}`, streams: [descriptor(name)] });
  await hook(name, { webrtc_id: "nobody" });
  const rows = await Promise.all([
    rowsWritten(env.STREAM.getByName(`default/${name}`)),
    rowsWritten(env.MEDIA_NODE.getByName(`default/node-of-${name}`)),
  ]);
  meter = CallMeter.start({ Directory, MediaNode, Session, Stream });
  const usage = (workerRequests: number): SessionUsage => {
    const { calls, messages } = meter;
    const sum = (methods: readonly string[]) => methods.reduce((total, method) => total + (calls[method] ?? 0), 0);
    const written = rows.map((count) => count());
    const alarms = written[0]?.alarms ?? 0;
    return {
      workerRequests,
      objectCalls: sum(Object.keys(calls)),
      waitingCalls: sum(WAITING),
      messages,
      rowsWritten: written.reduce((total, { rows: count }) => total + count, alarms),
      alarms,
    };
  };
  return usage;
}

/** The session that the node took last. */
const sid = (): string => node.sessions.at(-1)?.sid ?? "";

/** The session that the node took last has said what it is called. */
function claim(clientId: string): void {
  const last = sid();
  node.sessions = node.sessions.map((session) => (session.sid === last ? { ...session, clientId } : session));
}

function expectLine(type: string, usage: SessionUsage): void {
  const line = costLine(type, usage);
  console.log(line);
  expect(documented).toContain(line);
}

it("counts a WebRTC session whose offer has its candidates", async () => {
  const usage = await begin("gathered");
  expect((await offer("gathered", "a")).status).toBe(200);
  await node.connected(sid());
  await node.ended(sid());
  expect(meter.calls).toEqual({
    "Session.offer": 1,
    "Stream.admit": 1,
    "MediaNode.command": 1,
    "Stream.nodeReport": 2,
  });
  // The answer, and two reports.
  expect(meter.messages).toBe(3);
  const counted = usage(1);
  expect(counted.rowsWritten).toBeLessThanOrEqual(MAX_ROWS);
  expectLine("WebRTC, candidates in the offer", counted);
});

it("counts a WebRTC session that trickles its candidates", async () => {
  const usage = await begin("trickled");
  await offer("trickled", "a");
  for (let index = 0; index < CANDIDATES; index += 1) await trickle("trickled", "a");
  await node.connected(sid());
  await node.ended(sid());
  expect(meter.calls).toEqual({
    "Session.offer": 1,
    "Session.candidate": CANDIDATES,
    "Stream.admit": 1,
    "MediaNode.command": 1 + CANDIDATES,
    "Stream.nodeReport": 2,
  });
  const counted = usage(1 + CANDIDATES);
  expect(counted.rowsWritten).toBeLessThanOrEqual(MAX_ROWS);
  expectLine(`WebRTC, ${CANDIDATES} candidates trickled`, counted);
});

it("counts a WebRTC session with inputs and an event stream", async () => {
  const usage = await begin("watched");
  await offer("watched", "a");
  for (let index = 0; index < CANDIDATES; index += 1) await trickle("watched", "a");
  await node.connected(sid());
  const events = await EventReader.open("http://edge/watched/outputs?webrtc_id=a");
  for (let index = 0; index < INPUTS; index += 1) await hook("watched", { webrtc_id: "a" });
  for (let index = 0; index < OUTPUTS; index += 1) {
    await node.output(sid(), index);
    await events.next();
  }
  await node.ended(sid());
  expect(await events.next()).toBeNull();
  const counted = usage(1 + CANDIDATES + 1 + INPUTS);
  expect(counted.rowsWritten).toBeLessThanOrEqual(MAX_ROWS);
  expectLine(`the same with ${INPUTS} inputs and an event stream of ${OUTPUTS} outputs`, counted);
});

/** Messages of a telephone call, each way. */
const FRAMES_PER_SECOND = 50;
const TELEPHONE_CALL_SECONDS = 300;

/** A call of a telephone: its instructions, then its media, until the provider closes the socket. */
async function telephoneCall(stream: string): Promise<void> {
  const instructions = await exports.default.fetch(`https://edge/${stream}/telephone/incoming`, { method: "POST" });
  expect(await instructions.text()).toContain("<Connect>");
  const headers = { upgrade: "websocket" };
  const response = await exports.default.fetch(`https://edge/${stream}/telephone/handler`, { headers });
  expect(response.status).toBe(101);
  response.webSocket?.accept();
  await node.connected(sid());
  await node.ended(sid());
  response.webSocket?.close();
}

it("counts a telephone call whose media goes straight to the node, however long it is", async () => {
  const usage = await begin("ringing");
  node.onCommand = (command) => {
    const reply = node.accept(command);
    return command.command === "offer_socket" ? { ok: true, socketUrl: "wss://node.example/media/ticket" } : reply;
  };
  const fetching = vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    return new Response(null, { status: 101, webSocket: client });
  });
  await telephoneCall("ringing");
  fetching.mockRestore();
  expect(meter.calls).toEqual({
    "Stream.status": 1,
    "Session.openSocket": 1,
    "Stream.admit": 1,
    "MediaNode.command": 1,
    "Stream.nodeReport": 2,
  });
  expect(meter.messages).toBe(3);
  const counted = usage(2);
  expect(counted.rowsWritten).toBeLessThanOrEqual(MAX_ROWS);
  expectLine("telephone, straight to the node", counted);
});

it("counts a telephone call of five minutes that the session's object bridges", async () => {
  const usage = await begin("bridging");
  node.onCommand = (command) => {
    const reply = node.accept(command);
    if (command.command === "offer_socket") void dialMedia(command);
    return reply;
  };
  await telephoneCall("bridging");
  const counted = usage(3);
  // Both sides' audio, were the node to speak all the time: the provider sends silence, too.
  const messages = 2 * FRAMES_PER_SECOND * TELEPHONE_CALL_SECONDS;
  expectLine("telephone, 5 minutes, bridged", { ...counted, bridged: { seconds: TELEPHONE_CALL_SECONDS, messages } });
});

async function dialMedia({ sid, stream, clientId }: { sid: string; stream: string; clientId: string }): Promise<void> {
  const headers = {
    upgrade: "websocket",
    authorization: `Bearer ${TEST_SECRET}`,
    [NODE_ID_HEADER]: `node-of-${stream}`,
  };
  const query = new URLSearchParams({ sid, stream, clientId });
  const response = await exports.default.fetch(`https://edge${NODE_MEDIA_PATH}?${query}`, { headers });
  response.webSocket?.accept();
}

it("counts a session over a WebSocket that goes to its node: the same, however much is said", async () => {
  const usage = await begin("socket-direct");
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    // In place of the node's own server: it gives back what it gets.
    const { 0: theirs, 1: ours } = new WebSocketPair();
    ours.addEventListener("message", ({ data }) => ours.send(data));
    ours.accept();
    return new Response(null, { status: 101, webSocket: theirs });
  });
  node.onCommand = (command) =>
    command.command === "offer_socket"
      ? { ...node.accept(command), socketUrl: "wss://node.example/media/ticket" }
      : node.accept(command);
  const client = await EdgeSocket.open("/socket-direct/websocket/offer");
  claim("anna");
  await node.connected(sid());
  for (let frame = 0; frame < FRAMES; frame += 1) client.send(FRAME);
  await client.message(FRAMES - 1);
  await node.ended(sid());
  client.close();
  expect(meter.calls).toEqual({
    "Session.openSocket": 1,
    "Stream.admit": 1,
    "MediaNode.command": 1,
    "Stream.nodeReport": 2,
  });
  // The reply, and two reports: no frame.
  expect(meter.messages).toBe(3);
  const counted = usage(1);
  expect(counted.rowsWritten).toBeLessThanOrEqual(MAX_ROWS);
  expectLine("WebSocket, straight to the node", counted);
});

it("counts a session over a WebSocket that the edge bridges: every message, and the object awake all along", async () => {
  const usage = await begin("socket-bridged");
  let dialled: Promise<EdgeSocket> | undefined;
  node.onCommand = (command) => {
    if (command.command !== "offer_socket") return node.accept(command);
    const { sid: of, clientId } = command;
    dialled = EdgeSocket.node("node-of-socket-bridged", { sid: of, stream: "socket-bridged", clientId });
    return node.accept(command);
  };
  const client = await EdgeSocket.open("/socket-bridged/websocket/offer");
  const media = await dialled;
  claim("anna");
  await node.connected(sid());
  const before = meter.messages;
  for (let frame = 0; frame < FRAMES; frame += 1) {
    client.send(FRAME);
    media?.send(FRAME);
  }
  await client.message(FRAMES - 1);
  await media?.message(FRAMES - 1);
  // A message is a message; that is why this is the way of last resort.
  expect(meter.messages - before).toBe(2 * FRAMES);
  await node.ended(sid());
  media?.close();
  await client.closed;
  const counted = usage(2);
  const call = { ...counted, messages: counted.messages - 2 * FRAMES, bridged: BRIDGED_CALL };
  expect(counted.rowsWritten).toBeLessThanOrEqual(MAX_ROWS);
  expectLine("WebSocket, 5 minutes, bridged", call);
});

it("holds the session's and the node's object while the node answers, the stream's never, and none during the call", async () => {
  await begin("held");
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  node.onCommand = async (command) => {
    asked.resolve();
    await answer.promise;
    return node.accept(command);
  };
  const answered = offer("held", "a");
  await asked.promise;
  expect(meter.held).toEqual(["MediaNode", "Session"]);
  answer.resolve();
  await answered;
  await node.connected(sid());
  const events = await EventReader.open("http://edge/held/outputs?webrtc_id=a");
  await node.output(sid(), 1);
  await events.next();
  // The call goes on, its outputs are watched: everything may hibernate.
  expect(meter.held).toEqual([]);
  await node.ended(sid());
  await events.next();
  expect(meter.held).toEqual([]);
});

it("gives a session's storage back: the two hundredth leaves it as small as the first", async () => {
  await begin("storage");
  const size = () =>
    runInDurableObject(env.STREAM.getByName("default/storage"), (_, { storage }) => ({
      leases: [...storage.sql.exec("SELECT * FROM leases")].length,
      bytes: storage.sql.databaseSize,
    }));
  const session = async (id: string): Promise<void> => {
    await offer("storage", id);
    await node.ended(sid());
  };
  await session("first");
  const before = await size();
  expect(before.leases).toBe(0);
  for (let index = 0; index < 200; index += 1) await session(`client-${index}`);
  expect(await size()).toEqual(before);
});
