/** STUN and TURN URLs (RFC 7064, 7065), as far as they can be probed. */

export interface IceUrl {
  readonly kind: "stun" | "turn";
  readonly host: string;
  readonly port: number;
  readonly transport: "udp" | "tcp" | "tls";
}

const DEFAULT_PORT = 3478;
const DEFAULT_TLS_PORT = 5349;
const URL_FORM = /^(stuns?|turns?):(\[[0-9a-f:]+\]|[^:?/\s]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i;

/** @returns null for what is no such URL, and for TURN over DTLS, which browsers do not speak either. */
export function parseIceUrl(url: string): IceUrl | null {
  const [, scheme = "", host = "", port, transport] = URL_FORM.exec(url) ?? [];
  if (scheme === "") return null;
  const secure = scheme.toLowerCase().endsWith("s");
  if (secure && transport?.toLowerCase() === "udp") return null;
  return {
    kind: /^stun/i.test(scheme) ? "stun" : "turn",
    host: host.replace(/^\[|\]$/g, ""),
    port: port === undefined ? (secure ? DEFAULT_TLS_PORT : DEFAULT_PORT) : Number(port),
    transport: secure ? "tls" : transport?.toLowerCase() === "tcp" ? "tcp" : "udp",
  };
}
