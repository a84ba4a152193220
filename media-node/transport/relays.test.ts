/** What a peer holds at a TURN server: one relay, whatever happens, and none when it is closed. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { RTCPeerConnection } from "werift";
import { FakeTurnServer } from "../doctor/testing/fake-turn-server.ts";
import { systemClock } from "../time/clock.ts";
import { DEFAULT_ICE } from "./ice-options.ts";
import { Peer } from "./peer.ts";

let server: FakeTurnServer;
beforeEach(async () => {
  server = await FakeTurnServer.start();
});
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  server.stop();
});

function client(): RTCPeerConnection {
  const connection = new RTCPeerConnection({
    iceServers: [{ urls: "stun:127.0.0.1:9" }],
    iceStunGatherTimeout: 0.01,
    iceUseIpv6: false,
  });
  connection.createDataChannel("text");
  closing.push(() => connection.close());
  return connection;
}

async function offerOf(connection: RTCPeerConnection): Promise<string> {
  await connection.setLocalDescription(await connection.createOffer());
  return connection.localDescription?.sdp ?? "";
}

function peerAt({ url, username, credential }: FakeTurnServer, channelOpen: () => void = () => undefined): Peer {
  const peer = new Peer({
    modality: "audio",
    mode: "send-receive",
    allowExtraTracks: false,
    // As a media node has them: the server tells addresses, too.
    ice: {
      ...DEFAULT_ICE,
      iceServers: [{ urls: url.replace(/^turn:(.*)\?.*/, "stun:$1") }, { urls: url, username, credential }],
    },
    clock: systemClock,
    events: {
      connected: () => undefined,
      channelOpen,
      message: () => undefined,
      rtp: () => undefined,
      ended: () => undefined,
    },
  });
  closing.push(() => peer.close());
  return peer;
}

const relaysIn = (sdp: string): readonly string[] => [...new Set(sdp.match(/\S+ \d+ typ relay/g) ?? [])];

it("is offered again when ICE is restarted, and not allocated anew", async () => {
  const connection = client();
  const open = Promise.withResolvers<void>();
  const peer = peerAt(server, open.resolve);
  const first = await peer.answer(await offerOf(connection), []);
  await connection.setRemoteDescription({ type: "answer", sdp: first });
  await open.promise;
  for (let restart = 0; restart < 2; restart++) {
    connection.restartIce();
    const again = await peer.restart(await offerOf(connection));
    expect(relaysIn(again)).toEqual(relaysIn(first));
    await connection.setRemoteDescription({ type: "answer", sdp: again });
  }
  expect([relaysIn(first).length, server.allocations]).toEqual([1, 1]);
});

it.each([0, 1, 2, 3, 4, 5])("leaves no socket open where it is closed %d steps into its answer", async (steps) => {
  const sdp = await offerOf(client());
  const sockets = () => process.getActiveResourcesInfo().filter((resource) => resource.startsWith("UDP")).length;
  const before = sockets();
  const peer = peerAt(server);
  const answer = peer.answer(sdp, []).catch(() => undefined);
  for (let step = 0; step < steps; step++) await new Promise(setImmediate);
  await peer.close();
  await answer;
  // Those that relay are the server's.
  await vi.waitFor(() => expect(sockets() - server.allocations).toBe(before), { timeout: 2_000 });
});
