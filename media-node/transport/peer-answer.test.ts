import { afterEach, expect, it } from "vitest";
import { RTCPeerConnection } from "werift";
import { systemClock } from "../time/clock.ts";
import { DEFAULT_ICE } from "./ice-options.ts";
import { Peer } from "./peer.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function offer(): Promise<string> {
  const connection = new RTCPeerConnection({
    iceServers: [{ urls: "stun:127.0.0.1:9" }],
    iceStunGatherTimeout: 0.01,
    iceUseIpv6: false,
  });
  closing.push(() => connection.close());
  connection.createDataChannel("text");
  await connection.setLocalDescription(await connection.createOffer());
  return connection.localDescription?.sdp ?? "";
}

function createPeer(): Peer {
  const nothing = () => undefined;
  const peer = new Peer({
    modality: "audio",
    mode: "send-receive",
    allowExtraTracks: false,
    ice: DEFAULT_ICE,
    clock: systemClock,
    events: { connected: nothing, channelOpen: nothing, message: nothing, rtp: nothing, ended: nothing },
  });
  closing.push(() => peer.close());
  return peer;
}

it("an offer whose data channel has no name in the bundle is the client's fault, and said to be", async () => {
  const sdp = await offer();
  const nameless = sdp.replace(/a=mid:0\r\n/, "");
  expect(nameless).not.toBe(sdp);
  await expect(createPeer().answer(nameless, [])).rejects.toMatchObject({ code: "invalid_sdp" });
});
