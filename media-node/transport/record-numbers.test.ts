import { afterEach, describe, expect, it, vi } from "vitest";
import { RTCPeerConnection } from "werift";
import { skipHandshakeRecords } from "./record-numbers.ts";

const RECORD_HEADER_BYTES = 13;
const open: RTCPeerConnection[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
});

/** Epoch and number of every DTLS record in a datagram; none of one that is STUN or SRTP. */
function recordNumbers(datagram: Buffer): string[] {
  const numbers: string[] = [];
  const first = datagram[0] ?? 0;
  if (first < 20 || first > 63) return numbers;
  for (
    let at = 0;
    at + RECORD_HEADER_BYTES <= datagram.length;
    at += RECORD_HEADER_BYTES + datagram.readUInt16BE(at + 11)
  )
    numbers.push(`${datagram.readUInt16BE(at + 3)}/${datagram.readUIntBE(at + 5, 6)}`);
  return numbers;
}

/** Connects two peers, sends messages from the DTLS server, and tells the numbers of the records it sent. */
async function numbersOfServer(repair: boolean): Promise<string[]> {
  const connection = () => {
    const made = new RTCPeerConnection({
      iceServers: [{ urls: "stun:127.0.0.1:9" }],
      iceStunGatherTimeout: 0.01,
      iceUseIpv6: false,
      iceAdditionalHostAddresses: ["127.0.0.1"],
    });
    open.push(made);
    return made;
  };
  const [client, server] = [connection(), connection()];
  const channel = client.createDataChannel("text");
  const heard: unknown[] = [];
  channel.onMessage.subscribe((data) => heard.push(data));
  server.onDataChannel.subscribe((opened) => {
    for (let i = 0; i < 20; i++) opened.send(`message ${i}`);
  });
  await client.setLocalDescription(await client.createOffer());
  if (client.localDescription === null) throw new Error("no offer");
  await server.setRemoteDescription(client.localDescription);
  const numbers: string[] = [];
  for (const transport of server.dtlsTransports) {
    transport.role = "server";
    const { connection: ice } = transport.iceTransport;
    const send = ice.send.bind(ice);
    ice.send = (datagram) => {
      numbers.push(...recordNumbers(datagram));
      return send(datagram);
    };
    transport.onStateChange.subscribe((state) => {
      if (repair && state === "connected") skipHandshakeRecords(transport);
    });
  }
  await server.setLocalDescription(await server.createAnswer());
  if (server.localDescription === null) throw new Error("no answer");
  await client.setRemoteDescription(server.localDescription);
  await vi.waitFor(() => expect(heard).toHaveLength(20), { timeout: 10_000, interval: 20 });
  return numbers;
}

const repeated = (numbers: string[]) => numbers.filter((number, index) => numbers.indexOf(number) !== index);

describe("the DTLS records of a session", () => {
  it("never carry a number twice", { timeout: 15_000 }, async () => {
    const numbers = await numbersOfServer(true);
    expect(numbers.length).toBeGreaterThan(20);
    expect(repeated(numbers)).toEqual([]);
  });

  it("would without the repair: once this fails, werift has its own", { timeout: 15_000 }, async () => {
    expect(repeated(await numbersOfServer(false))).not.toEqual([]);
  });
});
