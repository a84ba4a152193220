import { afterEach, describe, expect, it, vi } from "vitest";
import { MediaStreamTrack, type RTCDataChannel, RTCPeerConnection, useOPUS } from "werift";
import { systemClock } from "../time/clock.ts";
import { DEFAULT_ICE } from "./ice-options.ts";
import { isCurrent, withoutGeneration } from "./ice-restart.ts";
import { Peer } from "./peer.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function client(): { connection: RTCPeerConnection; channel: RTCDataChannel } {
  const connection = new RTCPeerConnection({
    iceServers: [{ urls: "stun:127.0.0.1:9" }],
    iceStunGatherTimeout: 0.01,
    iceUseIpv6: false,
    codecs: { audio: [useOPUS()], video: [] },
  });
  closing.push(() => connection.close());
  const channel = connection.createDataChannel("text");
  connection.addTransceiver(new MediaStreamTrack({ kind: "audio" }), { direction: "sendrecv" });
  return { connection, channel };
}

async function offerOf(connection: RTCPeerConnection): Promise<string> {
  await connection.setLocalDescription(await connection.createOffer());
  return connection.localDescription?.sdp ?? "";
}

async function connected(mode: "full" | "lite") {
  const { connection, channel } = client();
  const texts: string[] = [];
  const ended: string[] = [];
  const open = Promise.withResolvers<void>();
  const peer = new Peer({
    modality: "audio",
    mode: "send-receive",
    allowExtraTracks: false,
    ice: { ...DEFAULT_ICE, mode },
    clock: systemClock,
    events: {
      connected: () => undefined,
      channelOpen: open.resolve,
      message: (text) => texts.push(text),
      rtp: () => undefined,
      ended: (reason) => ended.push(reason),
    },
  });
  closing.push(() => peer.close());
  const answer = await peer.answer(await offerOf(connection), []);
  await connection.setRemoteDescription({ type: "answer", sdp: answer });
  await open.promise;
  await vi.waitFor(() => expect(channel.readyState).toBe("open"), { timeout: 5_000 });
  return { connection, channel, peer, texts, ended, answer };
}

const STRANGE = Array.from({ length: 32 }, () => "AB").join(":");
const ufragIn = (sdp: string): string | undefined => /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];

describe.each(["full", "lite"] as const)("a %s node whose client restarts ICE", (mode) => {
  it("answers with new credentials, and the data channel goes on where it was", async () => {
    const { connection, channel, peer, texts, ended, answer } = await connected(mode);
    const heard: string[] = [];
    channel.onMessage.subscribe((data) => heard.push(String(data)));
    connection.restartIce();
    const again = await peer.restart(await offerOf(connection));
    expect(ufragIn(again)).not.toBe(ufragIn(answer));
    expect(again).toMatch(/^a=setup:passive/m);
    await connection.setRemoteDescription({ type: "answer", sdp: again });
    // werift's side of the tests starts only a first DTLS by itself, too.
    await Promise.all(connection.iceTransports.map((transport) => transport.start()));
    channel.send("still there?");
    await vi.waitFor(() => expect(texts).toEqual(["still there?"]), { timeout: 8_000 });
    expect(peer.sendText("yes")).toBe(true);
    await vi.waitFor(() => expect(heard).toEqual(["yes"]), { timeout: 8_000 });
    expect(ended).toEqual([]);
  });

  it("refuses the offer of another connection, and goes on with its own", async () => {
    const { channel, peer, texts } = await connected(mode);
    // All of werift's connections in a process have the same certificate.
    const stranger = (await offerOf(client().connection)).replace(/(a=fingerprint:\S+ )\S+/g, `$1${STRANGE}`);
    await expect(peer.restart(stranger)).rejects.toMatchObject({ code: "cannot_restart" });
    channel.send("undisturbed");
    await vi.waitFor(() => expect(texts).toEqual(["undisturbed"]), { timeout: 5_000 });
  });
});

it("a connection that is not up yet is not restarted", async () => {
  const { connection } = client();
  const peer = new Peer({
    modality: "audio",
    mode: "send-receive",
    allowExtraTracks: false,
    ice: DEFAULT_ICE,
    clock: systemClock,
    events: {
      connected: () => undefined,
      channelOpen: () => undefined,
      message: () => undefined,
      rtp: () => undefined,
      ended: () => undefined,
    },
  });
  closing.push(() => peer.close());
  const offer = await offerOf(connection);
  await peer.answer(offer, []);
  await expect(peer.restart(offer)).rejects.toMatchObject({ code: "cannot_restart" });
});

describe("isCurrent", () => {
  const check = (username: unknown) => ({ getAttributeValue: () => username });

  it("takes checks that name our credentials of now, and leaves those of before", () => {
    expect(isCurrent(check("now:theirs"), { localUsername: "now" })).toBe(true);
    expect(isCurrent(check("before:theirs"), { localUsername: "now" })).toBe(false);
  });

  it("leaves what has no name to whoever checks it", () => {
    expect(isCurrent(check(undefined), { localUsername: "now" })).toBe(true);
  });
});

it("the client's count of restarts is none of ours", () => {
  expect(withoutGeneration("candidate:1 1 udp 1 192.0.2.1 9 typ host generation 3 ufrag x")).toBe(
    "candidate:1 1 udp 1 192.0.2.1 9 typ host ufrag x",
  );
});
