/** A WebRTC client, werift's, and our peer, alone or connected with each other, and nothing of them left behind. */
import { expect, vi } from "vitest";
import { MediaStreamTrack, type RTCDataChannel, RTCPeerConnection, useOPUS } from "werift";
import { systemClock } from "../../time/clock.ts";
import { DEFAULT_ICE, type IceOptions } from "../ice-options.ts";
import { Peer, type PeerEvents } from "../peer.ts";

const closing: (() => Promise<void>)[] = [];

/** After each test: closes every client and peer that it made. */
export async function closeClientsAndPeers(): Promise<void> {
  for (const close of closing.splice(0)) await close();
}

/** A client that has nothing to offer yet. */
export function bareClient(): RTCPeerConnection {
  const connection = new RTCPeerConnection({
    // A discard address: werift falls back to a public STUN server unless it is given one.
    iceServers: [{ urls: "stun:127.0.0.1:9" }],
    iceStunGatherTimeout: 0.01,
    iceUseIpv6: false,
    codecs: { audio: [useOPUS()], video: [] },
  });
  closing.push(() => connection.close());
  return connection;
}

export interface Client {
  readonly connection: RTCPeerConnection;
  readonly channel: RTCDataChannel;
}

/** A client with the data channel and no media. */
export function textClient(): Client {
  const connection = bareClient();
  return { connection, channel: connection.createDataChannel("text") };
}

/** A client with the data channel, and audio in both directions. */
export function audioClient(): Client {
  const client = textClient();
  client.connection.addTransceiver(new MediaStreamTrack({ kind: "audio" }), { direction: "sendrecv" });
  return client;
}

/** A new offer of this client's, taken as its local description, with all its candidates. */
export async function offerOf(connection: RTCPeerConnection): Promise<string> {
  await connection.setLocalDescription(await connection.createOffer());
  return connection.localDescription?.sdp ?? "";
}

/** A peer for audio in both directions, with the default ICE options but for these; events that are not given go unheard. */
export function createPeer(ice: Partial<IceOptions> = {}, events: Partial<PeerEvents> = {}): Peer {
  const unheard = () => undefined;
  const peer = new Peer({
    modality: "audio",
    mode: "send-receive",
    allowExtraTracks: false,
    ice: { ...DEFAULT_ICE, ...ice },
    clock: systemClock,
    events: {
      connected: unheard,
      channelOpen: unheard,
      message: unheard,
      rtp: unheard,
      ended: unheard,
      ...events,
    },
  });
  closing.push(() => peer.close());
  return peer;
}

export interface Connected {
  readonly peer: Peer;
  /** The peer's answer to the client's offer. */
  readonly answer: string;
  /** What the peer has heard over the data channel. */
  readonly texts: readonly string[];
  /** How the peer ended by itself; empty while it goes on. */
  readonly ended: readonly string[];
}

/** Connects the client with a new peer; the data channel is open on both sides. */
export async function connect({ connection, channel }: Client, ice?: Partial<IceOptions>): Promise<Connected> {
  const [texts, ended]: [string[], string[]] = [[], []];
  const open = Promise.withResolvers<void>();
  const peer = createPeer(ice, {
    channelOpen: open.resolve,
    message: (text) => texts.push(text),
    ended: (reason) => ended.push(reason),
  });
  const answer = await peer.answer(await offerOf(connection), []);
  await connection.setRemoteDescription({ type: "answer", sdp: answer });
  await open.promise;
  await vi.waitFor(() => expect(channel.readyState).toBe("open"), { timeout: 5_000 });
  return { peer, answer, texts, ended };
}
