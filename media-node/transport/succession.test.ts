/** A client whose network has changed comes back with another connection, and the session goes on over that one. */
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { MediaStreamTrack, type RTCDataChannel, RTCPeerConnection, useOPUS } from "werift";
import { systemClock } from "../time/clock.ts";
import { DEFAULT_ICE } from "./ice-options.ts";
import { makeIdentity } from "./testing/dtls-pair.ts";
import { WebRtcTransport } from "./webrtc-transport.ts";

/** werift makes the process's own certificate with its first offer, as the node's warm-up does. */
beforeAll(async () => {
  const first = new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:9" }] });
  first.createDataChannel("text");
  await first.createOffer();
  await first.close();
});

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A client with a certificate of its own, as each connection of a browser has. */
async function client(): Promise<{ connection: RTCPeerConnection; channel: RTCDataChannel; heard: string[] }> {
  const { certPem, keyPem } = await makeIdentity();
  const connection = new RTCPeerConnection({
    iceServers: [{ urls: "stun:127.0.0.1:9" }],
    iceStunGatherTimeout: 0.01,
    iceUseIpv6: false,
    codecs: { audio: [useOPUS()], video: [] },
    dtls: { keys: { certPem, keyPem, signatureHash: { signature: 3, hash: 4 } } },
  });
  closing.push(() => connection.close());
  const heard: string[] = [];
  const channel = connection.createDataChannel("text");
  channel.onMessage.subscribe((data) => heard.push(String(data)));
  connection.addTransceiver(new MediaStreamTrack({ kind: "audio" }), { direction: "sendrecv" });
  return { connection, channel, heard };
}

async function offerOf(connection: RTCPeerConnection): Promise<string> {
  await connection.setLocalDescription(await connection.createOffer());
  return connection.localDescription?.sdp ?? "";
}

function transport(modality: "audio" | "audio-video" = "audio") {
  const texts: string[] = [];
  const events: string[] = [];
  const made = new WebRtcTransport(
    { modality, mode: "send-receive", allowExtraTracks: false, ice: DEFAULT_ICE, clock: systemClock },
    {
      connected: () => events.push("connected"),
      channelOpen: () => events.push("open"),
      message: (text) => texts.push(text),
      hello: () => undefined,
      audio: () => undefined,
      dtmf: () => undefined,
      ended: (reason) => events.push(reason),
    },
  );
  closing.push(() => made.close());
  return { transport: made, texts, events };
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 8_000 });

async function connected(modality?: "audio" | "audio-video") {
  const node = transport(modality);
  const first = await client();
  const sdp = await node.transport.answer(await offerOf(first.connection), []);
  await first.connection.setRemoteDescription({ type: "answer", sdp });
  await soon(() => expect(node.events).toEqual(["connected", "open"]));
  await soon(() => expect(first.channel.readyState).toBe("open"));
  return { ...node, first };
}

/** The second connection of the client's, up to its open channel. */
async function another(node: WebRtcTransport) {
  const second = await client();
  const sdp = await node.restart(await offerOf(second.connection));
  await second.connection.setRemoteDescription({ type: "answer", sdp });
  await soon(() => expect(second.channel.readyState).toBe("open"));
  return second;
}

it("takes the former's place, and either side hears what it has missed, once", async () => {
  const { transport: node, texts, events, first } = await connected();
  first.channel.send("one");
  for (const text of ["a", "b", "c"]) node.sendText(text);
  await soon(() => expect(first.heard).toEqual(["a", "b", "c"]));
  const second = await another(node);
  // It has told what it has had: the last is taken for lost.
  second.channel.send('{"type":"resume","received":2}');
  await soon(() => expect(second.heard).toEqual(['{"type":"resumed","data":{"received":1,"sent":2}}', "c"]));
  second.channel.send("two");
  await soon(() => expect(texts).toEqual(["one", "two"]));
  node.sendText("d");
  await soon(() => expect(second.heard.at(-1)).toBe("d"));
  // To whoever uses the transport nothing has happened, and nothing does when the former goes.
  await first.connection.close();
  expect(events).toEqual(["connected", "open"]);
  await soon(() => expect(first.connection.connectionState).toBe("closed"));
  await second.connection.close();
});

it("until it says how far it has heard, the former goes on", async () => {
  const { transport: node, texts, first } = await connected();
  const second = await another(node);
  first.channel.send("still here");
  await soon(() => expect(texts).toEqual(["still here"]));
  node.sendText("so am I");
  await soon(() => expect(first.heard).toEqual(["so am I"]));
  expect(second.heard).toEqual([]);
});

it("one that says anything else is dropped", async () => {
  const { transport: node, texts, events, first } = await connected();
  const second = await another(node);
  second.channel.send("hello?");
  await soon(() => expect(second.channel.readyState).toBe("closed"));
  first.channel.send("mine");
  await soon(() => expect(texts).toEqual(["mine"]));
  expect(events).toEqual(["connected", "open"]);
});

it("of a session that was never up, or that has video, is refused", async () => {
  const fresh = transport().transport;
  const [one, two] = [await client(), await client()];
  await fresh.answer(await offerOf(one.connection), []);
  await expect(fresh.restart(await offerOf(two.connection))).rejects.toMatchObject({ code: "cannot_restart" });
  const video = await connected("audio-video");
  await expect(video.transport.restart(await offerOf(two.connection))).rejects.toMatchObject({
    code: "cannot_restart",
  });
});
