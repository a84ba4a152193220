/** Bits of video a second, each way. */

/** What may be sent at most, unless the stream says otherwise; and what is sent at first, where that is not more. */
export const DEFAULT_MAX_VIDEO_BITS_PER_SECOND = 1_500_000;

/** What a stream may choose: below there is no picture worth having, above no line that carries it. */
export const MIN_VIDEO_BITS_PER_SECOND = 100_000;
export const MAX_VIDEO_BITS_PER_SECOND = 20_000_000;
