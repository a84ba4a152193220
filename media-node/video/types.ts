/**
 * What video is made of here: raw frames as handlers see them, encoded frames as they travel, and what stands between the
 * two. Types only: conversions are in `frame.ts`, codecs in `codec/`, RTP in `transport/video/`.
 */

/**
 * Order of samples in {@link VideoFrameData.data}, rows from the top, without padding:
 * - `rgb`: 3 bytes a pixel
 * - `rgba`: 4 bytes a pixel, alpha 255 is opaque
 * - `i420`: the codecs' own. `width × height` bytes of Y, then U and V with `ceil(width / 2) × ceil(height / 2)` each
 *   (BT.601, limited range)
 */
export type PixelFormat = "rgb" | "rgba" | "i420";

/** One raw picture. */
export interface VideoFrameData {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly format: PixelFormat;
  /** When it was taken, in the sender's clock: only differences mean anything. Grows over a session, does not wrap. */
  readonly timestampUs: number;
}

/** A picture as codecs take and give it. */
export interface I420Frame extends VideoFrameData {
  readonly format: "i420";
}

/** VP8 is always there; H.264 where a codec for it is installed. */
export type VideoCodec = "vp8" | "h264";

/** One picture as it travels: a VP8 frame, or an H.264 access unit in Annex B. */
export interface EncodedFrame {
  readonly codec: VideoCodec;
  readonly data: Uint8Array;
  /** Can be decoded without those before it. */
  readonly keyFrame: boolean;
  /** {@link VideoFrameData.timestampUs} of the picture in it. */
  readonly timestampUs: number;
}

/** An encoded frame of the client's. */
export interface ReceivedFrame extends EncodedFrame {
  /** On the session's clock: when its first packet came. What a frame's delay through the node is counted from. */
  readonly arrivedAtMs: number;
}

/**
 * Decodes one track. Frames are decoded in the order of the calls; each call settles on its own. It may be several calls
 * behind: past its own limit it gives frames up until the next key frame, which it asks for.
 */
export interface VideoDecoder {
  /**
   * @returns the picture, whose data is the caller's from then on; undefined where there is none to show: the frame, or one
   *   it needs, was lost or damaged, or the decoder was closed.
   * @throws EdgeRtcError `video_codec_failed`: the codec is gone, and with it this decoder.
   */
  decode(frame: EncodedFrame): Promise<I420Frame | undefined>;
  close(): void;
}

export interface VideoDecoderOptions {
  readonly codec: VideoCodec;
  /** Nothing can be shown before a key frame comes. May be called for several frames in a row. */
  readonly onKeyFrameNeeded: () => void;
}

/** Encodes one track. The size may change from one frame to the next: that makes a key frame. */
export interface VideoEncoder {
  /**
   * @param frame its data is the encoder's from then on: the buffer is moved, not copied.
   * @returns undefined where the encoder left the frame out to keep its bit rate, or was closed.
   * @throws EdgeRtcError `video_codec_failed`
   */
  encode(frame: I420Frame): Promise<EncodedFrame | undefined>;
  /** The next frame becomes a key frame. */
  requestKeyFrame(): void;
  /** From the next frame on. */
  setBitrate(bitsPerSecond: number): void;
  close(): void;
}

export interface VideoEncoderOptions {
  readonly codec: VideoCodec;
  readonly bitsPerSecond: number;
  /** What the bit rate is spread over. Default: 30. */
  readonly framesPerSecond?: number;
}

/** The video of a peer connection, as a session sees it. `peer.video` where the offer has a video track, after the answer. */
export interface VideoTrack {
  /** What was negotiated: one codec, both ways. */
  readonly codec: VideoCodec;
  /** Sends a picture; its packets are paced. False where it was dropped: not connected, or too much is waiting to be sent. */
  send(frame: EncodedFrame): boolean;
  /** Asks the client for a key frame; at most a few times a second. */
  requestKeyFrame(): void;
}

/** Part of a peer's events. */
export interface VideoTrackEvents {
  /** A whole frame of the client's, in order. After a gap the next one is a key frame. */
  videoFrame(frame: ReceivedFrame): void;
  /** The client cannot show what comes before the next key frame of ours. */
  videoKeyFrameNeeded(): void;
  /** What its line takes from now on, by its own estimate and by what is lost: from what is sent at first, 1.5 Mbit/s. */
  videoBitrate(bitsPerSecond: number): void;
}
