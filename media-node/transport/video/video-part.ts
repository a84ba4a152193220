/** A part of a frame: what one packet has of it, whatever the codec. */

export interface VideoPart {
  /** Whether the frame begins here. H.264 does not say it of frames that are no key frames: `perhaps`. */
  readonly start: boolean | "perhaps";
  /** A key frame begins here. */
  readonly keyFrame: boolean;
  /** A frame is its parts, one after the other. */
  readonly data: Uint8Array;
}
