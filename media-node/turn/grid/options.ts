/** FastRTC's options for finding turns on its grid: its names, units and defaults. */

/** How speech in the chunks of the grid makes turns. All in seconds. */
export interface AlgoOptions {
  /** Length of a chunk. A turn is over when one has hardly any speech. Default 0.6. */
  readonly audioChunkDuration: number;
  /** The user talks once a chunk has more speech than this. Default 0.2. */
  readonly startedTalkingThreshold: number;
  /** The turn is over once a chunk has less speech than this. Default 0.1. */
  readonly speechThreshold: number;
  /** A turn of this length is over even if the user goes on. Default Infinity; {@link MAX_TURN_S} all the same. */
  readonly maxContinuousSpeechS: number;
}

/** How probabilities of speech become seconds of speech. */
export interface SileroVadOptions {
  /** Probability from which a window is speech; what is more than 0.15 below is silence. Default 0.5. */
  readonly threshold: number;
  /** Speech as short as this, or shorter, is none. Default 250. */
  readonly minSpeechDurationMs: number;
  /** Longer speech is split, at a silence of 98 ms if there was one. Default Infinity. */
  readonly maxSpeechDurationS: number;
  /** Silence that separates two pieces of speech. Default 2000: longer than a chunk of the grid, so there nothing is separated. */
  readonly minSilenceDurationMs: number;
  /** Samples at 16 kHz for which the model gives one probability: 512, 1024 or 1536. Default 1024. */
  readonly windowSizeSamples: number;
  /** Added on both sides of a piece of speech. Default 400. */
  readonly speechPadMs: number;
}

export const DEFAULT_ALGO: AlgoOptions = {
  audioChunkDuration: 0.6,
  startedTalkingThreshold: 0.2,
  speechThreshold: 0.1,
  maxContinuousSpeechS: Number.POSITIVE_INFINITY,
};

export const DEFAULT_SILERO: SileroVadOptions = {
  threshold: 0.5,
  minSpeechDurationMs: 250,
  maxSpeechDurationS: Number.POSITIVE_INFINITY,
  minSilenceDurationMs: 2_000,
  windowSizeSamples: 1_024,
  speechPadMs: 400,
};

/** A turn longer than this is ended by force: what the speech models take at most. FastRTC's grow for ever. */
export const MAX_TURN_S = 300;
/** Longest chunk. */
const MAX_CHUNK_S = 30;
/** What Silero was trained on, at 16 kHz. */
const WINDOW_SIZES: readonly number[] = [512, 1_024, 1_536];

type Bounds<Options> = { readonly [Name in keyof Options]: readonly [min: number, max: number] };

const ANY: readonly [number, number] = [0, Number.POSITIVE_INFINITY];
const ALGO_BOUNDS: Bounds<AlgoOptions> = {
  audioChunkDuration: [0.02, MAX_CHUNK_S],
  startedTalkingThreshold: ANY,
  speechThreshold: ANY,
  maxContinuousSpeechS: ANY,
};
const SILERO_BOUNDS: Bounds<SileroVadOptions> = {
  threshold: [0, 1],
  minSpeechDurationMs: ANY,
  maxSpeechDurationS: ANY,
  minSilenceDurationMs: ANY,
  windowSizeSamples: [512, 1_536],
  speechPadMs: ANY,
};

/** @throws TypeError for a name that is no option, RangeError for a value that makes no sense. */
export function completeAlgoOptions(given: Partial<AlgoOptions> = {}): AlgoOptions {
  check("algoOptions", given, ALGO_BOUNDS);
  return { ...DEFAULT_ALGO, ...given };
}

/** @throws TypeError for a name that is no option, RangeError for a value that makes no sense. */
export function completeSileroOptions(given: Partial<SileroVadOptions> = {}): SileroVadOptions {
  check("modelOptions", given, SILERO_BOUNDS);
  const options = { ...DEFAULT_SILERO, ...given };
  if (!WINDOW_SIZES.includes(options.windowSizeSamples)) {
    throw new RangeError(`modelOptions.windowSizeSamples is one of ${WINDOW_SIZES.join(", ")}.`);
  }
  return options;
}

function check(what: string, given: object, allBounds: Readonly<Record<string, readonly [number, number]>>): void {
  for (const [name, value] of Object.entries(given)) {
    const bounds = allBounds[name];
    if (bounds === undefined) {
      throw new TypeError(`${what} has no ${name}; it has ${Object.keys(allBounds).join(", ")}.`);
    }
    const [min, max] = bounds;
    if (typeof value !== "number" || !(value >= min && value <= max)) {
      throw new RangeError(`${what}.${name} is a number from ${min} to ${max}, not ${String(value)}.`);
    }
  }
}
