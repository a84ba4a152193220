/** What came of a run, line by line: the newest, and as much of each as anybody reads. */

/** Lines that are kept; past it the oldest go. */
export const MAX_LINES = 200;
/** Characters of a line; an output may have half a million. */
export const MAX_LINE_CHARS = 2_000;

export interface LogLine {
  /** Counts from 1. */
  readonly id: number;
  readonly kind: "state" | "message" | "error";
  readonly text: string;
}

export function withLine(lines: readonly LogLine[], kind: LogLine["kind"], text: string): readonly LogLine[] {
  const id = (lines.at(-1)?.id ?? 0) + 1;
  const shown = text.length > MAX_LINE_CHARS ? `${text.slice(0, MAX_LINE_CHARS)} … (${text.length} characters)` : text;
  return [...lines, { id, kind, text: shown }].slice(-MAX_LINES);
}
