import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { WebSocket } from "ws";
import { VirtualClock } from "../time/virtual-clock.ts";
import { type FirstWord, SocketOpening } from "./socket-opening.ts";

class FakeSocket extends EventEmitter {
  readonly OPEN = WebSocket.OPEN;
  readyState: number = WebSocket.OPEN;
  readonly sent: string[] = [];
  closed: [number, string?] | undefined;

  send(text: string): void {
    this.sent.push(text);
  }

  close(code: number, reason?: string): void {
    this.closed = reason === undefined ? [code] : [code, reason];
  }

  hear(word: FirstWord<string>): void {
    this.emit("message", Buffer.from(JSON.stringify(word)), false);
  }
}

function rig() {
  const clock = new VirtualClock();
  const happened: string[] = [];
  const opening = new SocketOpening<string>({
    clock,
    read: (data) => JSON.parse(String(data)) as FirstWord<string>,
    onStart: (_, start) => happened.push(`start ${start}`),
    onEnd: (reason) => happened.push(`end ${reason}`),
  });
  const attach = (): FakeSocket => {
    const socket = new FakeSocket();
    opening.attach(socket as unknown as WebSocket);
    return socket;
  };
  return { clock, happened, opening, attach };
}

it("hands the socket over at the first word, and hears no other", () => {
  const { clock, happened, opening, attach } = rig();
  const socket = attach();
  socket.hear({ kind: "other", reply: "pong" });
  socket.hear({ kind: "other" });
  socket.hear({ kind: "start", start: "anna" });
  socket.hear({ kind: "start", start: "ben" });
  socket.emit("close");
  opening.end("draining");
  expect(happened).toEqual(["start anna"]);
  expect(socket.sent).toEqual(["pong"]);
  expect(socket.listenerCount("message")).toBe(0);
  expect(clock.pending).toBe(0);
});

it("ends as never_connected when nobody comes, or nobody says who it is", () => {
  for (const comes of [false, true]) {
    const { clock, happened, attach } = rig();
    const socket = comes ? attach() : undefined;
    clock.advance(15_000);
    expect(happened).toEqual(["end never_connected"]);
    expect(socket?.closed).toEqual(comes ? [1000, "never_connected"] : undefined);
    expect(clock.pending).toBe(0);
  }
});

it("sends away who is not understood, with the reason, and lets go when the client does", () => {
  const refused = rig();
  const stranger = refused.attach();
  stranger.hear({ kind: "invalid", refusal: "why" });
  expect(stranger.sent).toEqual(["why"]);
  expect(stranger.closed).toEqual([1000, "failed"]);
  const left = rig();
  left.attach().emit("close");
  expect([refused.happened, left.happened]).toEqual([["end failed"], ["end client_closed"]]);
});

it("has one client: whoever comes later, or too late, is sent away", () => {
  const { happened, opening, attach } = rig();
  const first = attach();
  expect(attach().closed).toEqual([1000]);
  expect(first.closed).toBeUndefined();
  opening.end("ended_by_edge");
  opening.end("ended_by_edge");
  expect(attach().closed).toEqual([1000]);
  expect(happened).toEqual(["end ended_by_edge"]);
});
