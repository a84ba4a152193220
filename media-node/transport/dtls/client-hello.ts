/** A client's first message (RFC 5246 §7.4.1.2): what it offers, and what we choose of it. */
import { Alert, DtlsError } from "./alert.ts";
import { ByteReader } from "./bytes.ts";
import { isCurve, type NamedCurve } from "./key-agreement.ts";
import { DTLS_1_2 } from "./records.ts";

/** TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: every WebRTC endpoint has it (RFC 8827 §6.5). */
export const CIPHER_SUITE = 0xc02b;
/** ecdsa_secp256r1_sha256, the signature of our certificate. */
export const ECDSA_SHA256 = 0x0403;
/** Says the same as the extension `renegotiationInfo` (RFC 5746 §3.3). */
const RENEGOTIATION_SCSV = 0x00ff;

export const Extension = {
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  useSrtp: 14,
  extendedMasterSecret: 23,
  renegotiationInfo: 0xff01,
} as const;

/** SRTP protection profiles (RFC 5764 §4.1.2, RFC 7714 §14.2), the better one first. */
export const SRTP_PROFILES = [
  { id: 0x0007, name: "AEAD_AES_128_GCM" },
  { id: 0x0001, name: "AES128_CM_HMAC_SHA1_80" },
] as const;
export type SrtpProfile = (typeof SRTP_PROFILES)[number];

export interface Choice {
  /** 32 bytes. */
  readonly clientRandom: Buffer;
  readonly curve: NamedCurve;
  readonly srtpProfile: SrtpProfile;
  /** Which of the answers that need one the client asked for. */
  readonly echoes: { readonly pointFormats: boolean; readonly renegotiationInfo: boolean };
}

/** @throws DtlsError where we have nothing in common with the client. */
export function chooseFrom(hello: Buffer): Choice {
  const reader = new ByteReader(hello);
  // Versions count down; a client of DTLS 1.3 says 1.2 here, too.
  if (reader.uint(2) > DTLS_1_2) throw new DtlsError(Alert.protocolVersion, "The client speaks DTLS 1.0 only.");
  const clientRandom = reader.take(32);
  reader.vector(1); // session to resume: we keep none
  reader.vector(1); // cookie: ICE has proved the address already
  const suites = reader.uint16s();
  const compression = reader.vector(1);
  const extensions = readExtensions(reader);
  if (!suites.includes(CIPHER_SUITE) || !compression.includes(0)) fail("no cipher suite in common");
  if (!extensions.has(Extension.extendedMasterSecret)) fail("no extended master secret in common");
  if (!uint16s(extensions.get(Extension.signatureAlgorithms)).includes(ECDSA_SHA256)) fail("no signature in common");
  const curve = uint16s(extensions.get(Extension.supportedGroups)).find(isCurve);
  if (curve === undefined) return fail("no curve in common");
  const profiles = uint16s(extensions.get(Extension.useSrtp));
  const srtpProfile = SRTP_PROFILES.find(({ id }) => profiles.includes(id));
  if (srtpProfile === undefined) return fail("no SRTP profile in common");
  return {
    clientRandom,
    curve,
    srtpProfile,
    echoes: {
      pointFormats: extensions.has(Extension.pointFormats),
      renegotiationInfo: extensions.has(Extension.renegotiationInfo) || suites.includes(RENEGOTIATION_SCSV),
    },
  };
}

function readExtensions(reader: ByteReader): Map<number, Buffer> {
  const extensions = new Map<number, Buffer>();
  if (reader.left === 0) return extensions;
  const list = new ByteReader(reader.vector(2));
  while (list.left > 0) extensions.set(list.uint(2), list.vector(2));
  return extensions;
}

function uint16s(extension: Buffer | undefined): number[] {
  return extension === undefined ? [] : new ByteReader(extension).uint16s();
}

function fail(what: string): never {
  throw new DtlsError(Alert.handshakeFailure, `The client and this node have ${what}.`);
}
