/**
 * Whether an IP address is somebody's on the public internet: what a client may name where this side then sends packets, and
 * who can be told from others by it. Anything else leads into a network of one's own, or to nobody.
 */

/** The special ranges of RFC 6890 and IANA's registry that are not public. */
const NOT_PUBLIC_V4: readonly (readonly [network: string, bits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  // Documentation, three of them.
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  // Multicast, reserved, broadcast.
  ["224.0.0.0", 3],
];

/** Ranges of IPv6 whose last four bytes are an IPv4 address: mapped, and NAT64. */
const V4_AT_THE_END = ["::ffff:0:0", "64:ff9b::"].map(bytesOf);

/** @param address as text, without brackets or zone. A name is none. */
export function isPublicAddress(address: string): boolean {
  const bytes = bytesOf(address);
  if (bytes === null) return false;
  return bytes.length === 4 ? isPublicV4(bytes) : isPublicV6(bytes);
}

function isPublicV4(bytes: readonly number[]): boolean {
  return !NOT_PUBLIC_V4.some(([network, bits]) => isWithin(bytes, v4Bytes(network) ?? [], bits));
}

function isPublicV6(bytes: readonly number[]): boolean {
  if (V4_AT_THE_END.some((network) => network !== null && isWithin(bytes, network, 96)))
    return isPublicV4(bytes.slice(12));
  // 6to4 has it right behind the prefix.
  if (bytes[0] === 0x20 && bytes[1] === 0x02) return isPublicV4(bytes.slice(2, 6));
  // Teredo hides one in the address; the other two are for documentation.
  if (isWithin(bytes, [0x20, 0x01, 0, 0], 32) || isWithin(bytes, [0x20, 0x01, 0x0d, 0xb8], 32)) return false;
  if (isWithin(bytes, [0x3f, 0xff, 0], 20)) return false;
  // Everything public is in 2000::/3.
  return ((bytes[0] ?? 0) & 0xe0) === 0x20;
}

function isWithin(bytes: readonly number[], network: readonly number[], bits: number): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = bits - bit >= 8 ? 0xff : (0xff << (8 - (bits - bit))) & 0xff;
    const index = bit / 8;
    if (((bytes[index] ?? 0) & mask) !== ((network[index] ?? 0) & mask)) return false;
  }
  return true;
}

/** Four bytes or sixteen; null for what is no address. */
function bytesOf(address: string): number[] | null {
  return address.includes(":") ? v6Bytes(address.toLowerCase()) : v4Bytes(address);
}

/** Strictly four decimal numbers: `127.1` and `0x7f000001` are read as addresses by some programs, and refused here. */
function v4Bytes(address: string): number[] | null {
  const parts = address.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^(?:0|[1-9]\d{0,2})$/.test(part))) return null;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : null;
}

function v6Bytes(address: string): number[] | null {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const tail = dotted === null ? [] : v4Bytes(dotted[2] ?? "");
  if (tail === null) return null;
  const [a = 0, b = 0, c = 0, d = 0] = tail;
  const text = dotted === null ? address : `${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, rest] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const groups = [...(head ?? [])];
  if (rest !== undefined) {
    const missing = 8 - groups.length - rest.length;
    if (missing < 1) return null;
    groups.push(...Array.from({ length: missing }, () => "0"), ...rest);
  }
  if (groups.length !== 8 || groups.some((group) => !/^[0-9a-f]{1,4}$/.test(group))) return null;
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
