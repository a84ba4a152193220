/** What hears whether a speaker is done, or only pauses. */

export interface JudgeOptions {
  /** Aborts when the verdict does not matter any more: the speaker went on, or the turn is over. */
  readonly signal?: AbortSignal | undefined;
}

/** Judges whether a turn is over. Any object with this method does. */
export interface EndOfTurnModel {
  /**
   * The probability that the speaker is done, 0 to 1; undefined where there is no verdict in time.
   * @param samples the turn so far at 16 kHz mono, the silence at its end included; its last 8 s.
   * @throws the signal's reason when it aborts; what else it throws is reported, and silence ends the turn.
   */
  judge(samples: Int16Array, options?: JudgeOptions): Promise<number | undefined>;
}
