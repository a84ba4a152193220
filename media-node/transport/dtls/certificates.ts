/** Both sides' certificates: ours as it goes on the wire, the client's checked against the fingerprint it signalled. */
import {
  constants,
  createHash,
  createPrivateKey,
  type KeyObject,
  sign,
  timingSafeEqual,
  verify,
  X509Certificate,
} from "node:crypto";
import { Alert, DtlsError } from "./alert.ts";
import { ByteReader } from "./bytes.ts";

export interface OwnCertificate {
  readonly der: Buffer;
  readonly privateKey: KeyObject;
}

/** An `a=fingerprint` of the offer (RFC 8122 §5). */
export interface Fingerprint {
  /** As in the SDP, such as `sha-256`. */
  readonly algorithm: string;
  /** Hexadecimal, with colons. */
  readonly value: string;
}

/** Hashes a fingerprint may use, the strongest first. SHA-1 and MD5 prove nothing. */
const FINGERPRINT_HASHES = ["sha-512", "sha-384", "sha-256"];
/** Signatures a client may prove its key with, by number. */
const SIGNATURES = new Map<number, { hash: string; pss?: true }>([
  [0x0403, { hash: "sha256" }],
  [0x0503, { hash: "sha384" }],
  [0x0804, { hash: "sha256", pss: true }],
  [0x0401, { hash: "sha256" }],
]);
/** What our request of a certificate lists. */
export const ACCEPTED_SIGNATURES: readonly number[] = [...SIGNATURES.keys()];

const parsed = new WeakMap<object, OwnCertificate>();

/** Parses each certificate once; `owner` is the object that stands for it. */
export function ownCertificate(owner: { readonly certPem: string; readonly privateKey: string }): OwnCertificate {
  const known = parsed.get(owner);
  if (known !== undefined) return known;
  const own = { der: new X509Certificate(owner.certPem).raw, privateKey: createPrivateKey(owner.privateKey) };
  parsed.set(owner, own);
  return own;
}

/** Fingerprints in an SDP that we can check. */
export function fingerprintsOf(sdp: string): Fingerprint[] {
  return [...sdp.matchAll(/^a=fingerprint:(\S+) ([0-9A-Fa-f:]+)\s*$/gm)].flatMap(([, algorithm = "", value = ""]) =>
    FINGERPRINT_HASHES.includes(algorithm.toLowerCase()) ? [{ algorithm: algorithm.toLowerCase(), value }] : [],
  );
}

/** @throws DtlsError unless the certificate is one the offer announced; the strongest hash it used decides. */
export function checkFingerprint(certificate: Buffer, announced: readonly Fingerprint[]): void {
  const algorithm = FINGERPRINT_HASHES.find((hash) => announced.some((print) => print.algorithm === hash));
  if (algorithm === undefined) throw new DtlsError(Alert.badCertificate, "The offer has no fingerprint to check.");
  const actual = createHash(algorithm.replace("-", "")).update(certificate).digest();
  const matches = announced.some(({ algorithm: hash, value }) => {
    const expected = Buffer.from(value.replaceAll(":", ""), "hex");
    return hash === algorithm && expected.length === actual.length && timingSafeEqual(expected, actual);
  });
  if (!matches) throw new DtlsError(Alert.badCertificate, "The certificate is not the one the offer announced.");
}

/** The first certificate of a Certificate message. @throws DtlsError where there is none. */
export function certificateIn(body: Buffer): Buffer {
  const list = new ByteReader(new ByteReader(body).vector(3));
  if (list.left === 0) throw new DtlsError(Alert.badCertificate, "The client has no certificate.");
  return list.vector(3);
}

/** @throws DtlsError unless a CertificateVerify message proves that the client has the certificate's key. */
export function checkPossession(certificate: Buffer, body: Buffer, transcript: Buffer): void {
  const reader = new ByteReader(body);
  const algorithm = SIGNATURES.get(reader.uint(2));
  const signature = reader.vector(2);
  if (algorithm === undefined) throw new DtlsError(Alert.illegalParameter, "The client signs in a way nobody offered.");
  if (!verifies(certificate, algorithm, signature, transcript))
    throw new DtlsError(Alert.decryptError, "The client does not have the key of its certificate.");
}

function verifies(
  certificate: Buffer,
  { hash, pss }: { hash: string; pss?: true },
  signature: Buffer,
  data: Buffer,
): boolean {
  try {
    const key = new X509Certificate(certificate).publicKey;
    return verify(hash, data, pss === true ? { key, padding: constants.RSA_PKCS1_PSS_PADDING } : key, signature);
  } catch {
    // A certificate or a key that OpenSSL does not understand.
    return false;
  }
}

export function signWith({ privateKey }: OwnCertificate, data: Buffer): Buffer {
  return sign("sha256", data, privateKey);
}
