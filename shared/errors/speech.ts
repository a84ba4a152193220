/** Speech models at work. */
import { type ErrorEntry, entry } from "./entry.ts";

export const SPEECH_ERRORS = {
  stt_overloaded: entry(
    503,
    true,
    "Too much speech is waiting to be transcribed.",
    "Turns end faster than this machine transcribes them.",
    "Try again shortly, lower the stream's concurrencyLimit, or start another media node.",
  ),
  tts_overloaded: entry(
    503,
    true,
    "Too much text is waiting to be spoken.",
    "Replies come faster than this machine speaks them.",
    "Try again shortly, lower the stream's concurrencyLimit, or start another media node.",
  ),
  vad_overloaded: entry(
    503,
    true,
    "Too much audio is waiting to be searched for speech.",
    "This machine is too slow for the sessions it has.",
    "Lower the stream's concurrencyLimit, or start another media node.",
  ),
  end_of_turn_overloaded: entry(
    503,
    true,
    "Too many turns are waiting to be judged whether they are over.",
    "This machine is too slow for the sessions it has; silence alone ends their turns.",
    "Lower the stream's concurrencyLimit, or start another media node.",
  ),
  voice_unknown: entry(
    400,
    false,
    "There is no such voice.",
    "The name is none of the model's voices.",
    "docs/models.md lists the voices of each model.",
  ),
  invalid_audio: entry(
    400,
    false,
    "The audio cannot be used.",
    "Its sample rate, its channels or its samples are not those of an AudioFrame.",
    "Give { sampleRate, samples } with Int16Array or Float32Array samples, two channels interleaved.",
  ),
  language_unknown: entry(
    400,
    false,
    "The model does not speak this language here.",
    "Kokoro's other languages need a way from text to phonemes that is not part of EdgeRTC.",
    "Use en-us or en-gb, or give the model phonemes of your own: see docs/models.md.",
  ),
  speech_timeout: entry(
    504,
    true,
    "The speech engine took too long.",
    "A single piece of work ran far longer than it ever should: the machine is overloaded, or the engine is stuck.",
    "Try again: the engine is replaced. If it repeats, look at the machine's load, and lower concurrencyLimit.",
  ),
} as const satisfies Record<string, ErrorEntry>;
