/** Encrypts and decrypts records with AES-128-GCM (RFC 5288): the nonce is the key's salt and the record's number. */
import { createCipheriv, createDecipheriv, type KeyObject } from "node:crypto";
import type { DtlsRecord } from "./records.ts";

const ALGORITHM = "aes-128-gcm";
const SALT_LENGTH = 4;
const EXPLICIT_NONCE_LENGTH = 8;
const TAG_LENGTH = 16;
const AAD_LENGTH = 13;

export interface RecordKey {
  readonly key: KeyObject;
  /** 4 bytes. */
  readonly salt: Buffer;
}

/** The record with its fragment encrypted. */
export function encryptRecord({ key, salt }: RecordKey, record: DtlsRecord): DtlsRecord {
  const explicit = explicitNonce(record);
  const cipher = createCipheriv(ALGORITHM, key, Buffer.concat([salt, explicit]));
  cipher.setAAD(additionalData(record, explicit, record.fragment.length));
  const encrypted = cipher.update(record.fragment);
  cipher.final();
  return { ...record, fragment: Buffer.concat([explicit, encrypted, cipher.getAuthTag()]) };
}

/** The record's plain text, or undefined where it is not authentic. */
export function decryptRecord({ key, salt }: RecordKey, record: DtlsRecord): Buffer | undefined {
  const { fragment } = record;
  const length = fragment.length - EXPLICIT_NONCE_LENGTH - TAG_LENGTH;
  if (length < 0) return undefined;
  const nonce = Buffer.concat([salt, fragment.subarray(0, EXPLICIT_NONCE_LENGTH)], SALT_LENGTH + EXPLICIT_NONCE_LENGTH);
  const decipher = createDecipheriv(ALGORITHM, key, nonce);
  decipher.setAAD(additionalData(record, explicitNonce(record), length));
  decipher.setAuthTag(fragment.subarray(fragment.length - TAG_LENGTH));
  const plain = decipher.update(fragment.subarray(EXPLICIT_NONCE_LENGTH, EXPLICIT_NONCE_LENGTH + length));
  try {
    decipher.final();
  } catch {
    // Not authentic: forged, or damaged on the way.
    return undefined;
  }
  return plain;
}

/** Epoch and number: never the same twice under one key. */
function explicitNonce({ epoch, sequenceNumber }: DtlsRecord): Buffer {
  const nonce = Buffer.allocUnsafe(EXPLICIT_NONCE_LENGTH);
  nonce.writeUInt16BE(epoch, 0);
  nonce.writeUIntBE(sequenceNumber, 2, 6);
  return nonce;
}

function additionalData({ type, version }: DtlsRecord, number: Buffer, length: number): Buffer {
  const data = Buffer.allocUnsafe(AAD_LENGTH);
  number.copy(data, 0);
  data.writeUInt8(type, 8);
  data.writeUInt16BE(version, 9);
  data.writeUInt16BE(length, 11);
  return data;
}
