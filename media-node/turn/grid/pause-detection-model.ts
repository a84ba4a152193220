/** What measures the speech in a chunk of the grid: Silero, or a model of the developer's own. */
import type { AudioFrame } from "../../audio/frame.ts";
import type { SileroVadOptions } from "./options.ts";
import type { AudioChunk } from "./speech-timestamps.ts";

/** Seconds of speech, and where it is. */
export type PauseDetection = readonly [seconds: number, chunks: readonly AudioChunk[]];

/** FastRTC's `PauseDetectionModel`. Any object with these methods does. */
export interface PauseDetectionModel {
  /**
   * How much speech there is in a piece of audio: Int16, mono.
   * @param options the handler's `modelOptions`; it gives all of them.
   */
  vad(audio: AudioFrame, options?: Partial<SileroVadOptions>): PauseDetection | Promise<PauseDetection>;
  /** Makes the first call as fast as the others. */
  warmup?(): void | Promise<void>;
}
