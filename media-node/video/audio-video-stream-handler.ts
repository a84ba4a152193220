/** Sees and hears, shows and speaks: one object for both tracks of a session. FastRTC's `AudioVideoStreamHandler`. */
import { StreamHandler, type StreamHandlerOptions } from "../handlers/stream-handler.ts";
import type { VideoEmission } from "./emission.ts";
import type { VideoFrame } from "./frame.ts";
import { readVideoOptions, type VideoOptions, type VideoSettings } from "./video-stream-handler.ts";

export interface AudioVideoStreamHandlerOptions extends StreamHandlerOptions, VideoOptions {}

/**
 * Beside what a `StreamHandler` has for audio: pictures in and out. Where it is slower than the camera, it gets the newest
 * frame (`skipFrames`). It runs in a thread of its own: what it blocks is only itself.
 *
 * @example
 * class Mirror extends AudioVideoStreamHandler {
 *   #frames = new AsyncQueue<VideoFrame>(1);
 *   #audio = new AsyncQueue<AudioFrame>();
 *   videoReceive(frame: VideoFrame) { this.#frames.push(frame.flipX()); }
 *   videoEmit() { return this.#frames.next(); }
 *   receive(frame: AudioFrame) { this.#audio.push(frame); }
 *   emit() { return this.#audio.next(); }
 *   copy() { return new Mirror(); }
 * }
 */
export abstract class AudioVideoStreamHandler extends StreamHandler {
  readonly videoSettings: VideoSettings;

  /** @throws RangeError for options that make no sense, saying which. */
  constructor(options: AudioVideoStreamHandlerOptions = {}) {
    super(options);
    this.videoSettings = readVideoOptions(options);
  }

  abstract override copy(): AudioVideoStreamHandler;

  /** Takes a frame of the client's, in the `format` of the options. */
  abstract videoReceive(frame: VideoFrame): void | Promise<void>;

  /**
   * Produces what to show. Called again when it has settled and the next frame is due, `fps` times a second at most.
   * Nothing to show: wait, or return nothing.
   */
  abstract videoEmit(): VideoEmission | Promise<VideoEmission>;
}
