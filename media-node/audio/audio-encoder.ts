/** Encodes frames of 20 ms, all of one rate. */
export interface AudioEncoder {
  /** Samples of a frame. */
  readonly frameSize: number;
  encode(samples: Int16Array): Uint8Array;
  free(): void;
}
