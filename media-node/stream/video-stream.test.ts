import { describe, expect, it } from "vitest";
import { StreamHandler } from "../handlers/stream-handler.ts";
import { AudioVideoStreamHandler } from "../video/audio-video-stream-handler.ts";
import { VideoStreamHandler } from "../video/video-stream-handler.ts";
import { slider } from "./inputs.ts";
import { Stream } from "./stream.ts";

class Deaf extends StreamHandler {
  copy(): Deaf {
    return new Deaf();
  }
  receive(): void {
    // Hears nothing.
  }
  emit(): undefined {
    return undefined;
  }
}

class Both extends AudioVideoStreamHandler {
  copy(): Both {
    return new Both();
  }
  receive(): void {
    // Hears nothing.
  }
  emit(): undefined {
    return undefined;
  }
  videoReceive(): void {
    // Sees nothing.
  }
  videoEmit(): undefined {
    return undefined;
  }
}

describe("a stream with video", () => {
  it("takes a bare function, whose inputs have their declared types, and tells the client what it needs", () => {
    const stream = new Stream((frame, { inputs }) => (inputs.mirror > 0.5 ? frame.flipX() : frame), {
      modality: "video",
      inputs: { mirror: slider() },
      trackConstraints: { width: 320 },
      rtpParams: { degradationPreference: "maintain-framerate" },
    });
    expect(stream.handler).toBeInstanceOf(VideoStreamHandler);
    expect(stream.describe("flip", 1)).toMatchObject({
      ...{ modality: "video", mode: "send-receive", trackConstraints: { width: 320 } },
      rtpParams: { degradationPreference: "maintain-framerate" },
    });
  });

  it.each([
    ["an audio handler for video", () => new Stream(new Deaf(), { modality: "video" }), "takes a function of a frame"],
    ["an audio handler for both", () => new Stream(new Deaf(), { modality: "audio-video" }), "AudioVideoStreamHandler"],
    ["a video handler for audio", () => new Stream(new Both(), { modality: "audio" }), 'modality is "audio-video"'],
    [
      "audio and video one way only, as in FastRTC",
      () => new Stream(new Both(), { modality: "audio-video", mode: "receive" }),
      "Invalid modality: audio-video and mode: receive",
    ],
    [
      "no modality there is",
      () => new Stream(new Deaf(), JSON.parse('{"modality":"smell"}')),
      "Modality must be either video, audio, or audio-video",
    ],
  ])("refuses %s, saying what it takes", (_what, make, message) => {
    expect(make).toThrow(message);
  });
});
