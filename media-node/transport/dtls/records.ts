/** DTLS records (RFC 6347 §4.1): what a datagram is made of. */

export const ContentType = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
} as const;

/** DTLS 1.2, on the wire. */
export const DTLS_1_2 = 0xfefd;
/** A client's first record may say DTLS 1.0. */
const MAJOR_VERSION = 0xfe;
export const RECORD_HEADER_LENGTH = 13;
/** 2^14 bytes of plain text, and room for nonce and tag. */
const MAX_FRAGMENT = 16_384 + 256;

export interface DtlsRecord {
  readonly type: number;
  readonly version: number;
  readonly epoch: number;
  /** 48 bits, counted anew in each epoch. */
  readonly sequenceNumber: number;
  readonly fragment: Buffer;
}

/** The records of a datagram, up to the first that is malformed: the rest is dropped without a word (§4.1.2.7). */
export function parseRecords(datagram: Buffer): DtlsRecord[] {
  const records: DtlsRecord[] = [];
  let at = 0;
  while (datagram.length - at >= RECORD_HEADER_LENGTH) {
    const length = datagram.readUInt16BE(at + 11);
    const start = at + RECORD_HEADER_LENGTH;
    if (datagram[at + 1] !== MAJOR_VERSION || length > MAX_FRAGMENT || start + length > datagram.length) break;
    records.push({
      type: datagram.readUInt8(at),
      version: datagram.readUInt16BE(at + 1),
      epoch: datagram.readUInt16BE(at + 3),
      sequenceNumber: datagram.readUIntBE(at + 5, 6),
      fragment: datagram.subarray(start, start + length),
    });
    at = start + length;
  }
  return records;
}

export function encodeRecord({ type, version, epoch, sequenceNumber, fragment }: DtlsRecord): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEADER_LENGTH + fragment.length);
  record.writeUInt8(type, 0);
  record.writeUInt16BE(version, 1);
  record.writeUInt16BE(epoch, 3);
  record.writeUIntBE(sequenceNumber, 5, 6);
  record.writeUInt16BE(fragment.length, 11);
  fragment.copy(record, RECORD_HEADER_LENGTH);
  return record;
}
