/** The codecs of this machine. Each works in the thread that calls it: a session's video process ([0115]). */
import { EdgeRtcError } from "../../../shared/errors.ts";
import type { VideoCodec, VideoDecoder, VideoDecoderOptions, VideoEncoder, VideoEncoderOptions } from "../types.ts";
import { createVp8Decoder } from "./vp8/decoder.ts";
import { createVp8Encoder } from "./vp8/encoder.ts";

/** What can be offered to clients, best first. VP8 comes with EdgeRTC; there is no H.264 codec for it yet. */
export const INSTALLED_CODECS: readonly VideoCodec[] = ["vp8"];

/** @throws EdgeRtcError `video_codec_failed` for a codec that is not installed. */
export async function createVideoDecoder(options: VideoDecoderOptions): Promise<VideoDecoder> {
  checkInstalled(options.codec);
  return createVp8Decoder(options.onKeyFrameNeeded);
}

/** @throws EdgeRtcError `video_codec_failed` for a codec that is not installed. */
export async function createVideoEncoder(options: VideoEncoderOptions): Promise<VideoEncoder> {
  checkInstalled(options.codec);
  return createVp8Encoder(options);
}

function checkInstalled(codec: VideoCodec): void {
  if (!INSTALLED_CODECS.includes(codec))
    throw new EdgeRtcError("video_codec_failed", `There is no codec for ${codec} here.`);
}
