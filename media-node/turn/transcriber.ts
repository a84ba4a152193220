/** Speech to text, as far as taking turns needs it: for stop words, and for what a listener says. */
import type { AudioFrame } from "../audio/frame.ts";

export interface Transcriber {
  stt(audio: AudioFrame, options?: { readonly signal?: AbortSignal }): Promise<string>;
}
