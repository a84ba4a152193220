/** Our DTLS server and werift's client on a wire in memory, where a test can look at each datagram, lose or change it. */
import { X509Certificate } from "node:crypto";
import { CipherContext, DtlsClient } from "werift";
import type { Clock } from "../../time/clock.ts";
import { type Fingerprint, ownCertificate } from "../dtls/certificates.ts";
import { DtlsServer, type Secured } from "../dtls/server.ts";

export interface Identity {
  readonly certPem: string;
  readonly keyPem: string;
  readonly fingerprint: Fingerprint;
}

/** ECDSA with P-256, as browsers have. */
export async function makeIdentity(): Promise<Identity> {
  const { certPem, keyPem } = await CipherContext.createSelfSignedCertificateWithKey({ signature: 3, hash: 4 }, 23);
  return { certPem, keyPem, fingerprint: { algorithm: "sha-256", value: new X509Certificate(certPem).fingerprint256 } };
}

/** What happens to a datagram on its way: it may be changed, multiplied or lost. */
export type Wire = (datagram: Buffer) => readonly Buffer[];

const straight: Wire = (datagram) => [datagram];

export interface PairOptions {
  readonly clock: Clock;
  readonly server: Identity;
  readonly client: Identity;
  /** What the client's offer announced. Default: the client's own. */
  readonly announced?: readonly Fingerprint[];
  readonly srtpProfiles?: readonly (1 | 7)[];
  readonly toServer?: Wire;
  readonly toClient?: Wire;
}

export class DtlsPair {
  readonly server: DtlsServer;
  readonly client: DtlsClient;
  readonly received: string[] = [];
  secured: Secured | undefined;
  /** How the server's side ended. */
  ended: "closed" | Error | undefined;
  clientConnected = false;
  readonly clientReceived: string[] = [];

  constructor(options: PairOptions) {
    const { clock, server, client, toServer = straight, toClient = straight } = options;
    const socket = {
      type: "udp",
      address: { address: "192.0.2.1", family: "IPv4", port: 9 },
      closed: false,
      onData: (_: Buffer): void => undefined,
      send: async (datagram: Buffer): Promise<void> => {
        for (const sent of toServer(datagram)) queueMicrotask(() => this.server.receive(sent));
      },
      close: async (): Promise<void> => undefined,
    };
    this.client = new DtlsClient({
      transport: socket,
      cert: client.certPem,
      key: client.keyPem,
      signatureHash: { signature: 3, hash: 4 },
      srtpProfiles: [...(options.srtpProfiles ?? [7, 1])],
      extendedMasterSecret: true,
    });
    this.client.onConnect.subscribe(() => {
      this.clientConnected = true;
    });
    this.client.onData.subscribe((data) => {
      this.clientReceived.push(data.toString());
    });
    this.server = new DtlsServer({
      certificate: ownCertificate({ certPem: server.certPem, privateKey: server.keyPem }),
      fingerprints: options.announced ?? [client.fingerprint],
      clock,
      send: (datagram) => {
        for (const sent of toClient(datagram)) queueMicrotask(() => socket.onData(sent));
      },
      events: {
        connected: (secured) => {
          this.secured = secured;
        },
        data: (data) => {
          this.received.push(data.toString());
        },
        closed: () => {
          this.ended = "closed";
        },
        failed: (error) => {
          this.ended = error;
        },
      },
    });
  }

  /** Lets the handshake run as far as it goes. */
  async connect(): Promise<void> {
    this.client.connect().catch(() => undefined);
    await settle();
  }
}

/** werift's side works in promises; a few turns of the event loop end every exchange. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}
