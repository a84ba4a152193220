/** Makes calls inside the process before the first real one, which would otherwise wait 100 ms for code to warm up. */
import { MediaStreamTrack, RTCPeerConnection, useOPUS } from "werift";
import type { Clock } from "../time/clock.ts";
import { DEFAULT_ICE } from "./ice-options.ts";
import { Peer } from "./peer.ts";

/** The first call takes about 300 ms. After twenty the compiler has seen enough: many at once take a fifth less of a core. */
const ROUNDS = 4;
const CALLS_AT_ONCE = 5;
/** A machine on which it does not connect starts all the same, cold. */
const TIMEOUT_MS = 3_000;

export async function warmUpPeers(clock: Clock): Promise<void> {
  for (let round = 0; round < ROUNDS; round++)
    await Promise.all(Array.from({ length: CALLS_AT_ONCE }, () => callOnce(clock)));
}

async function callOnce(clock: Clock): Promise<void> {
  const connected = Promise.withResolvers<void>();
  const timer = clock.after(TIMEOUT_MS, connected.resolve);
  const caller = new RTCPeerConnection({
    // A discard address: nothing outside is asked.
    iceServers: [{ urls: "stun:127.0.0.1:9" }],
    iceStunGatherTimeout: 0.01,
    iceUseIpv6: false,
    codecs: { audio: [useOPUS()], video: [] },
  });
  const callee = new Peer({
    modality: "audio",
    mode: "send-receive",
    allowExtraTracks: false,
    ice: DEFAULT_ICE,
    clock,
    events: {
      connected: () => undefined,
      channelOpen: () => connected.resolve(),
      message: () => undefined,
      rtp: () => undefined,
      ended: () => undefined,
    },
  });
  try {
    caller.createDataChannel("text");
    caller.addTransceiver(new MediaStreamTrack({ kind: "audio" }), { direction: "sendrecv" });
    await caller.setLocalDescription(await caller.createOffer());
    const sdp = await callee.answer(caller.localDescription?.sdp ?? "", []);
    await caller.setRemoteDescription({ type: "answer", sdp });
    await connected.promise;
  } finally {
    timer.cancel();
    await Promise.all([caller.close(), callee.close()]);
  }
}
