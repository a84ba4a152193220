/** The handler of a stream: the one it was given, or the one that a function stands for. */
import type { Modality, Mode } from "../../shared/descriptor.ts";
import { GeneratedAudio, type SendFunction } from "../handlers/generated-audio.ts";
import { StreamHandler } from "../handlers/stream-handler.ts";
import { AudioVideoStreamHandler } from "../video/audio-video-stream-handler.ts";
import { type VideoFunction, type VideoGenerator, VideoStreamHandler } from "../video/video-stream-handler.ts";

/** What of a stream's options decides about its handler. */
export interface HandlerChoice {
  readonly modality: Modality;
  readonly mode?: Mode | undefined;
  readonly autostart?: boolean | undefined;
  readonly replyTimeoutMs?: number | null | undefined;
}

/** A receiver waits for a value as long as somebody who has asked a question. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** @throws TypeError for what is no handler, and for options that it does not have. */
export function handlerOf(
  given: StreamHandler | SendFunction<never> | VideoFunction<never> | VideoGenerator<never>,
  options: HandlerChoice,
): StreamHandler {
  const { modality, mode = "send-receive", autostart, replyTimeoutMs } = options;
  if (typeof given === "function" && modality === "video") {
    // Which of the two it is, is a question of the mode.
    return new VideoStreamHandler(
      given as VideoFunction | VideoGenerator,
      autostart === undefined ? {} : { autostart },
    );
  }
  if (typeof given === "function" && modality === "audio" && mode === "receive") {
    // What the session hands it has been checked against the stream's declaration.
    const fn = given as SendFunction;
    return new GeneratedAudio(fn, {
      autostart: autostart ?? false,
      replyTimeoutMs: replyTimeoutMs === undefined ? DEFAULT_TIMEOUT_MS : replyTimeoutMs,
    });
  }
  if (typeof given === "function") {
    throw new TypeError(
      'A function alone is for mode "receive"; else give it to a handler: new ReplyOnPause(fn), new StreamEvery(fn).',
    );
  }
  if (!(given instanceof StreamHandler)) {
    throw new TypeError("A Stream's handler must be a StreamHandler, such as ReplyOnPause.");
  }
  checkModality(given, modality, mode);
  if (autostart !== undefined || replyTimeoutMs !== undefined) {
    throw new TypeError(
      'autostart and replyTimeoutMs are for functions of mode "receive"; a handler has its own options.',
    );
  }
  return given;
}

/** @throws TypeError where the handler is not one of that modality. */
function checkModality(handler: StreamHandler, modality: Modality, mode: Mode): void {
  const seesAndHears = handler instanceof AudioVideoStreamHandler;
  const sees = handler instanceof VideoStreamHandler;
  if (modality === "video" && !sees) {
    throw new TypeError('modality "video" takes a function of a frame, or a VideoStreamHandler.');
  }
  if (modality === "audio-video" && !seesAndHears) {
    throw new TypeError('modality "audio-video" takes an AudioVideoStreamHandler.');
  }
  if (modality === "audio-video" && mode !== "send-receive") {
    throw new TypeError(`Invalid modality: audio-video and mode: ${mode}. Use "send-receive".`);
  }
  if (modality === "audio" && (sees || seesAndHears)) {
    throw new TypeError(`The handler is for video; its modality is "${sees ? "video" : "audio-video"}".`);
  }
}
