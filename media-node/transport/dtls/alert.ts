/** DTLS alerts (RFC 5246 §7.2): what one side tells the other when the handshake or the connection ends. */

export const Alert = {
  closeNotify: 0,
  unexpectedMessage: 10,
  handshakeFailure: 40,
  badCertificate: 42,
  illegalParameter: 47,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
} as const;

export type AlertDescription = (typeof Alert)[keyof typeof Alert];

export const AlertLevel = { warning: 1, fatal: 2 } as const;

/** The handshake cannot go on; `description` is told to the peer. */
export class DtlsError extends Error {
  readonly description: AlertDescription;

  constructor(description: AlertDescription, message: string) {
    super(message);
    this.name = "DtlsError";
    this.description = description;
  }
}
