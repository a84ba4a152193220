/** Text to speech as stream files see it, made of whatever can speak one sentence. */
import type { AudioFrame } from "../../audio/frame.ts";
import { resample } from "../../audio/resample.ts";
import { hasSound, splitSentences } from "./sentences.ts";
import { type SpeechText, type SpokenFrame, speakStream } from "./speak-stream.ts";

export interface TTSOptions {
  /** Gives up: nothing more is synthesised. */
  readonly signal?: AbortSignal | undefined;
  /** Default is the model's own. */
  readonly voice?: string | undefined;
  /** 1 is the voice's own; 0.5 to 2. Default 1. */
  readonly speed?: number | undefined;
  /** Such as `en-us`. Default is the voice's own. */
  readonly lang?: string | undefined;
}

/** Text to speech. Any object with these methods does. */
export interface TTSModel {
  /**
   * The whole text as one piece of audio.
   * @throws EdgeRtcError `tts_overloaded`, `voice_unknown`, `language_unknown`, `model_unavailable`, `speech_timeout`,
   *   `speech_stopped`, and for models of others `remote_model_…`; RangeError for a speed; the signal's reason.
   */
  tts(text: string, options?: TTSOptions): Promise<AudioFrame>;
  /** Speaks text while it arrives: a frame for each sentence, the next one made while one plays. @throws as `tts`. */
  stream(text: SpeechText, options?: TTSOptions): AsyncGenerator<SpokenFrame, void, undefined>;
}

/** Always mono Int16. */
export interface Spoken {
  readonly sampleRate: number;
  readonly samples: Int16Array;
}

/** What speaks a sentence. */
export interface Speaker<Voice> {
  /** What of the options it needs, checked. @throws EdgeRtcError `voice_unknown`, `language_unknown`; RangeError. */
  readonly voice: (options: TTSOptions) => Voice;
  /**
   * @param sentence with at least one letter or digit.
   * @param slackMs how much later than others it may be spoken.
   */
  readonly say: (sentence: string, voice: Voice, signal: AbortSignal | undefined, slackMs: number) => Promise<Spoken>;
  /** Silence before every sentence but the first, where the engine makes none by itself. Default 0. */
  readonly gapSeconds?: number;
}

export function ttsModel<Voice>(speaker: Speaker<Voice>): TTSModel {
  const { gapSeconds = 0 } = speaker;
  return {
    async tts(text, options = {}) {
      const voice = speaker.voice(options);
      const parts: Spoken[] = [];
      for (const sentence of splitSentences(text)) {
        if (!hasSound(sentence)) continue;
        const spoken = await speaker.say(sentence, voice, options.signal, 0);
        parts.push(parts.length === 0 ? spoken : afterGap(spoken, gapSeconds));
      }
      return join(parts);
    },
    stream(text, options = {}) {
      const voice = speaker.voice(options);
      const say = (sentence: string, signal: AbortSignal, slackMs: number) =>
        speaker.say(sentence, voice, signal, slackMs);
      return withGaps(speakStream(text, say, options.signal), gapSeconds);
    },
  };
}

async function* withGaps(
  frames: AsyncGenerator<SpokenFrame, void, undefined>,
  gapSeconds: number,
): AsyncGenerator<SpokenFrame, void, undefined> {
  let first = true;
  for await (const frame of frames) {
    yield first ? frame : { ...frame, ...afterGap(frame, gapSeconds) };
    first = false;
  }
}

function afterGap({ sampleRate, samples }: Spoken, gapSeconds: number): Spoken {
  const gap = Math.floor(sampleRate * gapSeconds);
  if (gap === 0) return { sampleRate, samples };
  const out = new Int16Array(gap + samples.length);
  out.set(samples, gap);
  return { sampleRate, samples: out };
}

/** One after the other, at the rate of the first. No part is silence of no length. */
function join(parts: readonly Spoken[]): Spoken {
  const sampleRate = parts[0]?.sampleRate ?? NOTHING_RATE;
  const pieces = parts.map((part) =>
    part.sampleRate === sampleRate ? part.samples : resample(part.samples, part.sampleRate, sampleRate),
  );
  const samples = new Int16Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece, at);
    at += piece.length;
  }
  return { sampleRate, samples };
}

/** Of audio without a sample. */
const NOTHING_RATE = 16_000;
