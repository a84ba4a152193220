/** What a peer holds at a TURN server: one relay, whatever happens, and none when it is closed. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FakeTurnServer } from "../doctor/testing/fake-turn-server.ts";
import type { IceOptions } from "./ice-options.ts";
import { closeClientsAndPeers, connect, createPeer, offerOf, textClient } from "./testing/client-and-peer.ts";

let server: FakeTurnServer;
beforeEach(async () => {
  server = await FakeTurnServer.start();
});
afterEach(async () => {
  await closeClientsAndPeers();
  server.stop();
});

/** As a media node has them: the server tells addresses, too. */
const iceAt = ({ url, username, credential }: FakeTurnServer): Partial<IceOptions> => ({
  iceServers: [{ urls: url.replace(/^turn:(.*)\?.*/, "stun:$1") }, { urls: url, username, credential }],
});

const relaysIn = (sdp: string): readonly string[] => [...new Set(sdp.match(/\S+ \d+ typ relay/g) ?? [])];

it("is offered again when ICE is restarted, and not allocated anew", async () => {
  const client = textClient();
  const { connection } = client;
  const { peer, answer: first } = await connect(client, iceAt(server));
  for (let restart = 0; restart < 2; restart++) {
    connection.restartIce();
    const again = await peer.restart(await offerOf(connection));
    expect(relaysIn(again)).toEqual(relaysIn(first));
    await connection.setRemoteDescription({ type: "answer", sdp: again });
  }
  expect([relaysIn(first).length, server.allocations]).toEqual([1, 1]);
});

it.each([0, 1, 2, 3, 4, 5])("leaves no socket open where it is closed %d steps into its answer", async (steps) => {
  const sdp = await offerOf(textClient().connection);
  const sockets = () => process.getActiveResourcesInfo().filter((resource) => resource.startsWith("UDP")).length;
  const before = sockets();
  const peer = createPeer(iceAt(server));
  const answer = peer.answer(sdp, []).catch(() => undefined);
  for (let step = 0; step < steps; step++) await new Promise(setImmediate);
  await peer.close();
  await answer;
  // Those that relay are the server's.
  await vi.waitFor(() => expect(sockets() - server.allocations).toBe(before), { timeout: 2_000 });
});
