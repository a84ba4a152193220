/** Reads and writes the vectors of TLS messages (RFC 5246 §4.3): a length, then that many bytes. */
import { Alert, DtlsError } from "./alert.ts";

/** Reads a message from its start to its end. @throws DtlsError `decodeError` where it is too short. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Buffer {
    if (length > this.left) throw new DtlsError(Alert.decodeError, "A message is too short.");
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  uint(bytes: 1 | 2 | 3 | 6): number {
    return this.take(bytes).readUIntBE(0, bytes);
  }

  /** A vector whose length takes `lengthBytes`. */
  vector(lengthBytes: 1 | 2 | 3): Buffer {
    return this.take(this.uint(lengthBytes));
  }

  /** A vector of 16 bit numbers. */
  uint16s(): number[] {
    const reader = new ByteReader(this.vector(2));
    const numbers: number[] = [];
    while (reader.left > 0) numbers.push(reader.uint(2));
    return numbers;
  }
}

export function uint(value: number, bytes: 1 | 2 | 3): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

export function vector(lengthBytes: 1 | 2 | 3, ...parts: readonly Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([uint(length, lengthBytes), ...parts]);
}
