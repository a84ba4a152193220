/** What a VP8 frame says of itself before it is decoded (RFC 6386 §9.1). */

const KEY_FRAME_HEADER_LENGTH = 10;
const START_CODE = [0x9d, 0x01, 0x2a] as const;

export function isKeyFrame(data: Uint8Array): boolean {
  return data.length > 0 && ((data[0] ?? 1) & 1) === 0;
}

/** The size of a key frame's picture; undefined where its header is damaged. */
export function keyFrameSize(data: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  if (data.length < KEY_FRAME_HEADER_LENGTH || START_CODE.some((byte, at) => data[3 + at] !== byte)) return undefined;
  const fourteenBits = (at: number) => ((data[at] ?? 0) | ((data[at + 1] ?? 0) << 8)) & 0x3fff;
  const width = fourteenBits(6);
  const height = fourteenBits(8);
  return width > 0 && height > 0 ? { width, height } : undefined;
}
