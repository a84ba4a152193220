/** The handler of a stream: the one it was given, or the one that a function stands for. */
import { GeneratedAudio, type SendFunction } from "../handlers/generated-audio.ts";
import { StreamHandler } from "../handlers/stream-handler.ts";
import type { StreamOptions } from "./stream.ts";

/** A receiver waits for a value as long as somebody who has asked a question. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** @throws TypeError for what is no handler, and for options that it does not have. */
export function handlerOf(given: StreamHandler | SendFunction<never>, options: StreamOptions): StreamHandler {
  const { modality, mode = "send-receive", autostart, replyTimeoutMs } = options;
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
  if (autostart !== undefined || replyTimeoutMs !== undefined) {
    throw new TypeError(
      'autostart and replyTimeoutMs are for functions of mode "receive"; a handler has its own options.',
    );
  }
  return given;
}
