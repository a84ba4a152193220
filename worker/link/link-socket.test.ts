import { expect, it } from "vitest";
import { MAX_LINK_MESSAGE_BURST } from "../../shared/limits.ts";
import { LinkSocket } from "./link-socket.ts";

it("closes a link on which messages come without end: the node comes back with a snapshot", () => {
  const { 1: server } = new WebSocketPair();
  server.accept();
  const link = LinkSocket.open(server, "flood", 0);
  const message = (seq: number): string => JSON.stringify({ v: 2, seq, ack: 0, kind: "ack", body: {} });
  let seq = 1;
  while (link.receive(message(seq), 0).ok) seq += 1;
  expect(seq).toBe(MAX_LINK_MESSAGE_BURST + 1);
  expect(link.receive(message(seq), 0)).toEqual({ ok: false, why: "too many messages" });
});
