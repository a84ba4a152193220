/** The transport in virtual time, over a socket that only notes what it is told. */
import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { MAX_SOCKET_BACKLOG_BYTES } from "../../../shared/limits.ts";
import type { StartMessage } from "../../../shared/websocket.ts";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

class FakeSocket extends EventEmitter {
  readonly OPEN = WebSocket.OPEN;
  readonly CLOSED = WebSocket.CLOSED;
  readyState: number = WebSocket.OPEN;
  bufferedAmount = 0;
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: [number, string][] = [];
  pings = 0;
  terminated = false;

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  ping(): void {
    this.pings += 1;
  }

  close(code: number, reason: string): void {
    this.closes.push([code, reason]);
    this.readyState = WebSocket.CLOSING;
  }

  terminate(): void {
    this.terminated = true;
  }

  /** As if it came from the client. */
  hear(message: unknown): void {
    this.emit("message", Buffer.from(JSON.stringify(message)), false);
  }
}

function rig(extension: Partial<StartMessage> = {}) {
  const clock = new VirtualClock();
  const socket = new FakeSocket();
  const happened: string[] = [];
  const events = {
    connected: () => happened.push("connected"),
    channelOpen: () => happened.push("channel open"),
    hello: () => happened.push("hello"),
    message: (text: string) => happened.push(`message ${text}`),
    audio: ({ samples }: { samples: { length: number } }) => happened.push(`audio ${samples.length}`),
    dtmf: () => undefined,
    ended: (reason: string) => happened.push(`ended ${reason}`),
  };
  const transport = new WebSocketTransport(
    {
      socket: socket as unknown as WebSocket,
      start: { event: "start", websocket_id: "a", ...extension },
      sid: "s_1",
      handlerRates: { input: 8_000, output: 24_000 },
      clock,
    },
    events,
  );
  transport.begin();
  return { clock, socket, happened, transport };
}

it("tells FastRTC's clients nothing of its own, and answers what a start asks for", () => {
  expect(rig().socket.sent).toEqual([]);
  const { socket, happened } = rig({ codec: "pcm16", sample_rate: 16_000, protocol: 1 });
  expect(socket.sent).toEqual([
    '{"event":"started","sid":"s_1","codec":"pcm16","binary":false,"input_rate":16000,"output_rate":16000}',
  ]);
  expect(happened).toEqual(["connected", "hello", "channel open"]);
});

it("sends the frames of one moment in one message, and Opus a packet a message", () => {
  const plain = rig();
  plain.transport.output.send(new Uint8Array([1]), 0, true);
  plain.transport.output.send(new Uint8Array([2]), 0, false);
  plain.transport.output.flush?.();
  plain.transport.output.flush?.();
  expect(plain.socket.sent).toEqual(['{"event":"media","media":{"payload":"AQI="}}']);
  const opus = rig({ codec: "opus", binary: true });
  opus.transport.output.send(new Uint8Array([1]), 0, true);
  opus.transport.output.send(new Uint8Array([2]), 0, false);
  expect(opus.socket.sent.slice(1)).toEqual([Buffer.from([1]), Buffer.from([2])]);
});

it("hears nothing before the handler listens, and everything after", async () => {
  const { socket, happened, transport } = rig();
  const media = { event: "media", media: { payload: Buffer.alloc(160, 0xff).toString("base64") } };
  socket.hear(media);
  await transport.listen({ sampleRate: 8_000, channels: 1 });
  socket.hear(media);
  expect(happened.slice(2)).toEqual(["audio 160"]);
  await transport.close("client_closed");
});

it("ends with stop, with what it cannot read, and when the socket closes", () => {
  for (const [act, reason] of [
    [(socket: FakeSocket) => socket.hear({ event: "stop" }), "client_closed"],
    [(socket: FakeSocket) => socket.hear({ type: "offer" }), "failed"],
    [(socket: FakeSocket) => socket.emit("message", Buffer.from([1]), true), "failed"],
    [(socket: FakeSocket) => socket.emit("close"), "client_closed"],
  ] as const) {
    const { socket, happened } = rig();
    act(socket);
    expect(happened.at(-1)).toBe(`ended ${reason}`);
  }
});

it("finds out that a client is gone: no answer below, or for ours nothing said", () => {
  const vanished = rig();
  vanished.clock.advance(31_000);
  expect(vanished.happened.at(-1)).toBe("ended peer_lost");
  // A listener that says nothing but answers is there.
  const quiet = rig();
  for (let n = 0; n < 12; n += 1) {
    quiet.clock.advance(10_000);
    quiet.socket.emit("pong");
  }
  expect(quiet.happened.some((event) => event.startsWith("ended"))).toBe(false);
  const ours = rig({ protocol: 1 });
  ours.clock.advance(10_000);
  ours.socket.emit("pong");
  ours.clock.advance(11_000);
  expect(ours.happened.at(-1)).toBe("ended peer_lost");
});

it("gives up a client that takes nothing any more", () => {
  const { socket, happened, transport } = rig();
  socket.bufferedAmount = MAX_SOCKET_BACKLOG_BYTES + 1;
  expect(transport.sendText("hello")).toBe(false);
  expect(happened.at(-1)).toBe("ended peer_lost");
});

it("drops a flood of messages", () => {
  const { socket, happened } = rig();
  for (let n = 0; n < 5_000; n += 1) socket.hear({ event: "message", text: "x" });
  expect(happened.filter((event) => event === "message x").length).toBe(2_000);
});

it("closes with 1000 and why, drops who does not answer that, and leaves nothing behind", async () => {
  const { clock, socket, transport } = rig();
  await transport.listen({ sampleRate: 8_000, channels: 1 });
  await transport.close("client_id_taken");
  await transport.close("client_id_taken");
  expect(socket.sent).toEqual(['{"status":"failed","meta":{"error":"connection_already_exists"}}']);
  expect(socket.closes).toEqual([[1000, "client_id_taken"]]);
  expect(transport.sendText("too late")).toBe(false);
  clock.advance(2_000);
  expect(socket.terminated).toBe(true);
  expect(clock.pending).toBe(0);
});
