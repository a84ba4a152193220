import { afterEach, describe, expect, it, vi } from "vitest";
import { isCurrent, withoutGeneration } from "./ice-restart.ts";
import { audioClient, closeClientsAndPeers, connect, createPeer, offerOf } from "./testing/client-and-peer.ts";

afterEach(closeClientsAndPeers);

const STRANGE = Array.from({ length: 32 }, () => "AB").join(":");
const ufragIn = (sdp: string): string | undefined => /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];

describe.each(["full", "lite"] as const)("a %s node whose client restarts ICE", (mode) => {
  it("answers with new credentials, and the data channel goes on where it was", async () => {
    const client = audioClient();
    const { connection, channel } = client;
    const { peer, texts, ended, answer } = await connect(client, { mode });
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
    const client = audioClient();
    const { peer, texts } = await connect(client, { mode });
    // All of werift's connections in a process have the same certificate.
    const stranger = (await offerOf(audioClient().connection)).replace(/(a=fingerprint:\S+ )\S+/g, `$1${STRANGE}`);
    await expect(peer.restart(stranger)).rejects.toMatchObject({ code: "cannot_restart" });
    client.channel.send("undisturbed");
    await vi.waitFor(() => expect(texts).toEqual(["undisturbed"]), { timeout: 5_000 });
  });
});

it("a connection that is not up yet is not restarted", async () => {
  const peer = createPeer();
  const offer = await offerOf(audioClient().connection);
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
