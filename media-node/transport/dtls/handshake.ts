/** Handshake messages (RFC 6347 §4.2.2): their header, and how their fragments become whole again. */
import { Alert, DtlsError } from "./alert.ts";
import { ByteReader, uint } from "./bytes.ts";

export const HandshakeType = {
  clientHello: 1,
  serverHello: 2,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

export interface HandshakeMessage {
  readonly type: number;
  /** Its number in the sender's handshake. */
  readonly number: number;
  readonly body: Buffer;
}

const HEADER_LENGTH = 12;
/** Longest message taken. A browser's certificate is 500 bytes, a chain of RSA certificates a few thousand. */
const MAX_MESSAGE = 16_384;
/** Messages kept that came before their turn; a client's flight has four. */
const MAX_AHEAD = 8;

/** The message as one fragment, which is also what goes into the transcript (§4.2.6). */
export function encodeHandshake({ type, number, body }: HandshakeMessage): Buffer {
  const length = uint(body.length, 3);
  return Buffer.concat([uint(type, 1), length, uint(number, 2), uint(0, 3), length, body]);
}

interface Partial {
  readonly type: number;
  readonly body: Buffer;
  /** 1 where a byte is here. */
  readonly covered: Uint8Array;
  missing: number;
}

/** Puts fragments together and gives messages out in order, each once. */
export class Reassembly {
  readonly #partial = new Map<number, Partial>();
  #next = 0;

  /**
   * Takes the fragments of a record.
   * @returns the messages that are complete now and come next, and whether a fragment was of a message given out before.
   * @throws DtlsError where a fragment contradicts itself or another.
   */
  push(fragments: Buffer): { messages: HandshakeMessage[]; repeated: boolean } {
    const reader = new ByteReader(fragments);
    let repeated = false;
    while (reader.left > 0) {
      const number = this.#take(reader);
      if (number < this.#next) repeated = true;
    }
    const messages: HandshakeMessage[] = [];
    for (;;) {
      const partial = this.#partial.get(this.#next);
      if (partial === undefined || partial.missing > 0) return { messages, repeated };
      messages.push({ type: partial.type, number: this.#next, body: partial.body });
      this.#partial.delete(this.#next);
      this.#next += 1;
    }
  }

  /** Whether a record begins with a fragment of a message that was given out before. */
  hasGivenOut(fragments: Buffer): boolean {
    return fragments.length >= HEADER_LENGTH && fragments.readUInt16BE(4) < this.#next;
  }

  #take(reader: ByteReader): number {
    const type = reader.uint(1);
    const length = reader.uint(3);
    const number = reader.uint(2);
    const offset = reader.uint(3);
    const fragment = reader.vector(3);
    if (offset + fragment.length > length || length > MAX_MESSAGE)
      throw new DtlsError(Alert.decodeError, "A handshake fragment is out of bounds.");
    if (number < this.#next || number > this.#next + MAX_AHEAD) return number;
    const partial = this.#partial.get(number) ?? {
      type,
      body: Buffer.alloc(length),
      covered: new Uint8Array(length),
      missing: length,
    };
    if (partial.type !== type || partial.body.length !== length)
      throw new DtlsError(Alert.illegalParameter, "Two fragments of a message contradict each other.");
    this.#partial.set(number, partial);
    fragment.copy(partial.body, offset);
    for (let at = offset; at < offset + fragment.length; at++) {
      if (partial.covered[at] === 1) continue;
      partial.covered[at] = 1;
      partial.missing -= 1;
    }
    return number;
  }
}
