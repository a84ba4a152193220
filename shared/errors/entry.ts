/** What there is to say of an error. */

/** One entry of the catalogue. */
export interface ErrorEntry {
  /** HTTP status on routes of ours. The offer route answers FastRTC's business refusals with 200, as FastRTC does. */
  readonly status: number;
  /** Whether the same request may succeed a moment later. */
  readonly retryable: boolean;
  /** What happened, as a sentence for the person in front of the page. */
  readonly what: string;
  /** Why it happens. */
  readonly why: string;
  /** What the reader can do about it. */
  readonly fix: string;
}

export const entry = (status: number, retryable: boolean, what: string, why: string, fix: string): ErrorEntry => ({
  status,
  retryable,
  what,
  why,
  fix,
});
