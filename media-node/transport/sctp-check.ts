/**
 * Which of a client's SCTP packets (RFC 9260 §3) are handed to werift. That takes every length at its word, keeps whatever comes, and
 * looks at all of it for each packet: one with a length of zero would cost the process its memory, and everybody their calls. Pure.
 */

const PACKET_HEADER = 12;
const CHUNK_HEADER = 4;
const PARAMETER_HEADER = 4;

/** Types of chunks (RFC 9260 §3.2, RFC 6525, RFC 3758). */
const TYPE = {
  data: 0,
  init: 1,
  initAck: 2,
  sack: 3,
  heartbeat: 4,
  heartbeatAck: 5,
  abort: 6,
  shutdown: 7,
  shutdownAck: 8,
  error: 9,
  cookieEcho: 10,
  cookieAck: 11,
  shutdownComplete: 14,
  reconfig: 130,
  forwardTsn: 192,
} as const;

interface Shape {
  readonly least: number;
  /** Where its parameters begin, each with a length of its own. */
  readonly parametersAt?: number;
}

/** Those that werift knows: it takes no packet that has another. */
const SHAPES: ReadonlyMap<number, Shape> = new Map<number, Shape>([
  // At least one byte of data.
  [TYPE.data, { least: 17 }],
  [TYPE.init, { least: 20, parametersAt: 20 }],
  [TYPE.initAck, { least: 20, parametersAt: 20 }],
  [TYPE.sack, { least: 16 }],
  [TYPE.heartbeat, { least: 4, parametersAt: 4 }],
  [TYPE.heartbeatAck, { least: 4, parametersAt: 4 }],
  [TYPE.abort, { least: 4, parametersAt: 4 }],
  [TYPE.shutdown, { least: 8 }],
  [TYPE.shutdownAck, { least: 4 }],
  [TYPE.error, { least: 4, parametersAt: 4 }],
  [TYPE.cookieEcho, { least: 4 }],
  [TYPE.cookieAck, { least: 4 }],
  [TYPE.shutdownComplete, { least: 4 }],
  [TYPE.reconfig, { least: 4, parametersAt: 4 }],
  [TYPE.forwardTsn, { least: 8 }],
]);

/** Packets that one packet may say have come out of order: all that can be under way. */
const MAX_ACKNOWLEDGED = 16_384;
/** A data channel's number is below this in every browser. Each has its own memory. */
const MAX_STREAMS = 1_024;
/** What has come out of order: werift sorts it anew for each packet. Past it the client sends again. */
const MAX_AHEAD = 1_024;
/** A client that was told that there is no more room may try with a packet or two. */
const ROOM_SLACK_BYTES = 64 * 1024;

/** The association as it is. Undefined where that is not known. */
export interface Association {
  /** Number of the last chunk of data before which none is missing. */
  readonly lastReceivedTsn: number | undefined;
  /** Of what may wait for the rest of its message, as the client was told. Negative where it did not care. */
  readonly roomBytes: number | undefined;
}

/** @returns false for a packet that is malformed, or more than a client may ask of this side. */
export function isWelcomeSctp(packet: Buffer, association: () => Association): boolean {
  let acknowledged = 0;
  let at = PACKET_HEADER;
  for (; at + CHUNK_HEADER <= packet.length; ) {
    const type = packet.readUInt8(at);
    const length = packet.readUInt16BE(at + 2);
    const end = at + length;
    const shape = SHAPES.get(type);
    if (shape === undefined || length < shape.least || end > packet.length) return false;
    const { parametersAt } = shape;
    if (parametersAt !== undefined && !hasSoundParameters(packet.subarray(at + parametersAt, end))) return false;
    if (type === TYPE.sack) acknowledged += acknowledgedIn(packet.subarray(at, end));
    if (acknowledged > MAX_ACKNOWLEDGED) return false;
    if (type === TYPE.data && !isWelcomeData(packet.subarray(at, end), association())) return false;
    // Streams, by fours.
    if (type === TYPE.forwardTsn && length % 4 !== 0) return false;
    at = padded(end, at);
  }
  return at > PACKET_HEADER;
}

function hasSoundParameters(parameters: Buffer): boolean {
  for (let at = 0; at + PARAMETER_HEADER <= parameters.length; ) {
    const length = parameters.readUInt16BE(at + 2);
    if (length < PARAMETER_HEADER || at + length > parameters.length) return false;
    at = padded(at + length, at);
  }
  return true;
}

/** Packets in its gap blocks; more than any limit where it is malformed. */
function acknowledgedIn(sack: Buffer): number {
  const blocks = sack.readUInt16BE(12);
  if (16 + 4 * (blocks + sack.readUInt16BE(14)) > sack.length) return Number.POSITIVE_INFINITY;
  let count = 0;
  for (let block = 0; block < blocks; block++) {
    const [first, last] = [sack.readUInt16BE(16 + 4 * block), sack.readUInt16BE(18 + 4 * block)];
    count += Math.max(0, last - first + 1);
  }
  return count;
}

function isWelcomeData(chunk: Buffer, { lastReceivedTsn, roomBytes = 0 }: Association): boolean {
  if (chunk.readUInt16BE(8) >= MAX_STREAMS || roomBytes < -ROOM_SLACK_BYTES) return false;
  if (lastReceivedTsn === undefined) return true;
  // Modulo 2³²: an old one is far ahead, too.
  const ahead = (chunk.readUInt32BE(4) - lastReceivedTsn) | 0;
  return ahead <= MAX_AHEAD;
}

/** Each begins at a multiple of four bytes from the one before. */
function padded(end: number, begin: number): number {
  return begin + Math.ceil((end - begin) / 4) * 4;
}
