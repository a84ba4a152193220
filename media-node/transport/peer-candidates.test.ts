import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import type { PrivateCandidates } from "./candidate-filter.ts";
import { bareClient, closeClientsAndPeers, createPeer } from "./testing/client-and-peer.ts";

const sockets: Socket[] = [];
afterEach(async () => {
  await closeClientsAndPeers();
  for (const socket of sockets.splice(0)) socket.close();
});

/** Somebody on the node's own network, who is no business of callers. */
async function bystander(): Promise<{ port: number; packets: () => number }> {
  const socket: Socket = createSocket("udp4");
  let packets = 0;
  socket.on("message", () => {
    packets += 1;
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  sockets.push(socket);
  return { port: socket.address().port, packets: () => packets };
}

async function offerSdp(): Promise<string> {
  const caller = bareClient();
  caller.addTransceiver("audio");
  const { sdp } = await caller.createOffer();
  return sdp;
}

const peer = (privateCandidates: PrivateCandidates) =>
  createPeer({ additionalAddresses: ["127.0.0.1"], privateCandidates });

const candidate = (port: number): string =>
  `candidate:1 1 udp 2113937151 127.0.0.1 ${port} typ host generation 0 ufrag a`;

it("a node that refuses private candidates sends nothing to them, in the offer or trickled", async () => {
  const sdp = await offerSdp();
  const [spared, spared2, reached] = await Promise.all([bystander(), bystander(), bystander()]);
  const strict = peer("refuse");
  await strict.answer(`${sdp}a=${candidate(spared.port)}\r\n`, []);
  await strict.addCandidate({ candidate: candidate(spared2.port), sdpMid: "0", sdpMLineIndex: 0 });
  // The same, where all is private: this is what would happen.
  const open = peer("accept");
  await open.answer(sdp, []);
  await open.addCandidate({ candidate: candidate(reached.port), sdpMid: "0", sdpMLineIndex: 0 });
  await vi.waitFor(() => expect(reached.packets()).toBeGreaterThan(1), { timeout: 5_000 });
  await sleep(200);
  expect([spared.packets(), spared2.packets()]).toEqual([0, 0]);
});
