/** The codecs of this machine. Each works in the thread that calls it: a session's video process ([0115]). */
import type { VideoDecoder, VideoDecoderOptions, VideoEncoder, VideoEncoderOptions } from "../types.ts";
import { createH264Decoder } from "./h264/decoder.ts";
import { createH264Encoder } from "./h264/encoder.ts";
import { createVp8Decoder } from "./vp8/decoder.ts";
import { createVp8Encoder } from "./vp8/encoder.ts";

/** @throws EdgeRtcError `video_codec_failed` for a codec that is not installed. */
export async function createVideoDecoder({ codec, onKeyFrameNeeded }: VideoDecoderOptions): Promise<VideoDecoder> {
  return codec === "vp8" ? createVp8Decoder(onKeyFrameNeeded) : createH264Decoder(onKeyFrameNeeded);
}

/** @throws EdgeRtcError `video_codec_failed` for a codec that is not installed. */
export async function createVideoEncoder(options: VideoEncoderOptions): Promise<VideoEncoder> {
  return options.codec === "vp8" ? createVp8Encoder(options) : createH264Encoder(options);
}
