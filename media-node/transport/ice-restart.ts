/**
 * Restarting ICE on a connection that is up (RFC 8445 §9): the client's network has changed, and it looks for a new path. DTLS,
 * SRTP and the data channel go on over that one as if nothing had been.
 */
import type { Message, RTCIceTransport, RTCPeerConnection } from "werift";
import { EdgeRtcError } from "../../shared/errors.ts";
import { fingerprintsOf } from "./dtls/certificates.ts";
import { announceIceLite } from "./lite-answer.ts";

type Connection = Pick<RTCIceTransport["connection"], "localUsername">;

/**
 * Whether a check is of the generation that runs. One of the generation before stands for a path that is being given up, and
 * must not become the next one.
 */
export function isCurrent(check: Pick<Message, "getAttributeValue">, { localUsername }: Connection): boolean {
  const username: unknown = check.getAttributeValue("USERNAME");
  // Ours first, then the client's (RFC 8445 §7.2.2).
  return typeof username !== "string" || username.split(":")[0] === localUsername;
}

/**
 * A candidate line as werift is to have it: it counts restarts by itself, and the client may have begun some that never arrived.
 */
export function withoutGeneration(lines: string): string {
  return lines.replace(/ generation \d+/g, "");
}

export class IceRestarts {
  readonly #connection: RTCPeerConnection;
  readonly #fingerprints: readonly string[];
  /** One is answered after the other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param firstOffer what the connection came about by. */
  constructor(connection: RTCPeerConnection, firstOffer: string) {
    this.#connection = connection;
    this.#fingerprints = valuesIn(firstOffer);
  }

  /** Whether an offer is of this connection: of who has the same certificate. */
  isFor(offer: string): boolean {
    return valuesIn(offer).every((value) => this.#fingerprints.includes(value));
  }

  /**
   * @param offer as the client sent it. `welcome`: without the candidates that are not taken.
   * @returns the answer, complete. The same offer again restarts nothing.
   * @throws EdgeRtcError `cannot_restart` where the offer is of another connection than the one that was up.
   */
  async answer(offer: string, welcome: string): Promise<string> {
    if (!this.isFor(offer)) throw new EdgeRtcError("cannot_restart");
    const answered = this.#last.then(() => this.#answer(welcome));
    this.#last = answered.catch(ignore);
    return await answered;
  }

  async #answer(sdp: string): Promise<string> {
    const connection = this.#connection;
    for (const transport of connection.iceTransports) keepRelays(transport);
    const before = connection.iceTransports.map(({ iceRestarts }) => iceRestarts);
    try {
      await connection.setRemoteDescription({ type: "offer", sdp: withoutGeneration(sdp) });
      await connection.setLocalDescription(await connection.createAnswer());
    } catch (cause) {
      throw new EdgeRtcError("cannot_restart", "The offer does not fit the connection.", { cause });
    }
    const answer = connection.localDescription?.sdp;
    if (answer === undefined) throw new EdgeRtcError("cannot_restart");
    for (const [index, transport] of connection.iceTransports.entries()) {
      // werift starts one only on the way to its first DTLS.
      if (transport.iceRestarts !== before[index]) transport.start().catch(ignore);
    }
    return announceIceLite(answer);
  }
}

/** Those that it has are offered again. werift would allocate another each time, while the client waits for the answer. */
function keepRelays({ connection }: RTCIceTransport): void {
  Reflect.deleteProperty(connection, "turnServer");
}

function valuesIn(sdp: string): string[] {
  return fingerprintsOf(sdp).map(({ algorithm, value }) => `${algorithm} ${value.toUpperCase()}`);
}

/** Whoever asked has been told; the transport's own end is told by its state. */
function ignore(): void {
  // Nothing to do.
}
