/** The server's first flight (RFC 5246 §7.4): everything it says between the client's hello and the client's keys. */
import { uint, vector } from "./bytes.ts";
import { ACCEPTED_SIGNATURES, type OwnCertificate, signWith } from "./certificates.ts";
import { type Choice, CIPHER_SUITE, ECDSA_SHA256, Extension } from "./client-hello.ts";
import { HandshakeType } from "./handshake.ts";
import { DTLS_1_2 } from "./records.ts";

const NAMED_CURVE = 3;
const UNCOMPRESSED_POINTS = 0;
/** ecdsa_sign and rsa_sign. */
const CERTIFICATE_TYPES = Buffer.from([64, 1]);
const NOTHING = Buffer.alloc(0);

export interface FlightMessage {
  readonly type: number;
  readonly body: Buffer;
}

export function serverFlight(
  choice: Choice,
  serverRandom: Buffer,
  publicKey: Buffer,
  certificate: OwnCertificate,
): FlightMessage[] {
  return [
    { type: HandshakeType.serverHello, body: serverHello(choice, serverRandom) },
    { type: HandshakeType.certificate, body: vector(3, vector(3, certificate.der)) },
    { type: HandshakeType.serverKeyExchange, body: serverKeyExchange(choice, serverRandom, publicKey, certificate) },
    { type: HandshakeType.certificateRequest, body: certificateRequest() },
    { type: HandshakeType.serverHelloDone, body: NOTHING },
  ];
}

function serverHello({ srtpProfile, echoes }: Choice, random: Buffer): Buffer {
  const extensions = [
    extension(Extension.useSrtp, vector(2, uint(srtpProfile.id, 2)), vector(1)),
    extension(Extension.extendedMasterSecret),
    ...(echoes.pointFormats ? [extension(Extension.pointFormats, vector(1, uint(UNCOMPRESSED_POINTS, 1)))] : []),
    ...(echoes.renegotiationInfo ? [extension(Extension.renegotiationInfo, vector(1))] : []),
  ];
  const noSession = vector(1);
  const noCompression = uint(0, 1);
  return Buffer.concat([
    uint(DTLS_1_2, 2),
    random,
    noSession,
    uint(CIPHER_SUITE, 2),
    noCompression,
    vector(2, ...extensions),
  ]);
}

function serverKeyExchange(
  { clientRandom, curve }: Choice,
  serverRandom: Buffer,
  publicKey: Buffer,
  certificate: OwnCertificate,
): Buffer {
  const parameters = Buffer.concat([uint(NAMED_CURVE, 1), uint(curve, 2), vector(1, publicKey)]);
  const signature = signWith(certificate, Buffer.concat([clientRandom, serverRandom, parameters]));
  return Buffer.concat([parameters, uint(ECDSA_SHA256, 2), vector(2, signature)]);
}

function certificateRequest(): Buffer {
  const signatures = ACCEPTED_SIGNATURES.map((signature) => uint(signature, 2));
  const anyAuthority = vector(2);
  return Buffer.concat([vector(1, CERTIFICATE_TYPES), vector(2, ...signatures), anyAuthority]);
}

function extension(type: number, ...data: readonly Buffer[]): Buffer {
  return Buffer.concat([uint(type, 2), vector(2, ...data)]);
}
