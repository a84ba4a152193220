/** Elliptic curve Diffie-Hellman (RFC 8422): a key pair for one handshake, and the secret it makes with the client's. */
import { createECDH, createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import { Alert, DtlsError } from "./alert.ts";

/** Numbers of the curves, as in the extension of supported groups. */
const CURVES = { x25519: 29, secp256r1: 23 } as const;
export type NamedCurve = (typeof CURVES)[keyof typeof CURVES];

/** DER of an X25519 public key (RFC 8410) up to its 32 bytes. */
const X25519_PREFIX = Buffer.from("302a300506032b656e032100", "hex");

export function isCurve(curve: number): curve is NamedCurve {
  return curve === CURVES.x25519 || curve === CURVES.secp256r1;
}

export interface KeyAgreement {
  readonly publicKey: Buffer;
  /** @throws DtlsError where the client's key is no point of the curve. */
  agree(clientKey: Buffer): Buffer;
}

export function startAgreement(curve: NamedCurve): KeyAgreement {
  return curve === CURVES.x25519 ? x25519() : secp256r1();
}

function x25519(): KeyAgreement {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  return {
    publicKey: publicKey.export({ type: "spki", format: "der" }).subarray(X25519_PREFIX.length),
    agree: (clientKey) =>
      checked(() => {
        const key = Buffer.concat([X25519_PREFIX, clientKey]);
        return diffieHellman({ privateKey, publicKey: createPublicKey({ key, format: "der", type: "spki" }) });
      }),
  };
}

function secp256r1(): KeyAgreement {
  const pair = createECDH("prime256v1");
  return { publicKey: pair.generateKeys(), agree: (clientKey) => checked(() => pair.computeSecret(clientKey)) };
}

function checked(agree: () => Buffer): Buffer {
  try {
    return agree();
  } catch {
    throw new DtlsError(Alert.illegalParameter, "The client's key is not valid.");
  }
}
