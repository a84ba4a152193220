/** One line of JSON per event, as the platform's log search reads it. */

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export function log(level: "info" | "warn" | "error", event: string, fields: LogFields = {}): void {
  console[level](JSON.stringify({ level, event, ...fields }));
}

/** An error's words for a log line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
