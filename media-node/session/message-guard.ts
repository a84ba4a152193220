/** What a client may send on its data channel: messages of bounded size, so many a second. */
import type { ErrorCode } from "../../shared/errors.ts";
import {
  MAX_CHANNEL_MESSAGE_BURST,
  MAX_CHANNEL_MESSAGE_CHARS,
  MAX_CHANNEL_MESSAGES_PER_SECOND,
} from "../../shared/limits.ts";
import { RateBucket } from "../../shared/rate-bucket.ts";
import type { Clock } from "../time/clock.ts";

/** `taken`, or dropped: the client is told why, but not for every message of a flood. */
export type Verdict = "taken" | "dropped" | Extract<ErrorCode, "message_too_large" | "too_many_messages">;

export class MessageGuard {
  readonly #clock: Clock;
  readonly #rate = new RateBucket(MAX_CHANNEL_MESSAGES_PER_SECOND, MAX_CHANNEL_MESSAGE_BURST);
  /** Whether the client has been told that it sends too often, and does so still. */
  #told = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  judge(text: string): Verdict {
    if (!this.#rate.take(this.#clock.nowMs())) {
      if (this.#told) return "dropped";
      this.#told = true;
      return "too_many_messages";
    }
    this.#told = false;
    return text.length > MAX_CHANNEL_MESSAGE_CHARS ? "message_too_large" : "taken";
  }
}
