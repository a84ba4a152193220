/** The node's log: JSON lines, or readable ones on a terminal. */
import pino, { type Logger, type LoggerOptions } from "pino";

export type Log = Logger;

/** What no line may show, wherever a field of this name turns up. */
const SECRETS = ["secret", "token", "credential", "password", "authorization"];

/**
 * One line of JSON per event: `level`, `time` (ISO 8601), `msg`, the `fields` and those of the event. On a terminal, or
 * with EDGERTC_LOG_FORMAT=pretty, readable lines; EDGERTC_LOG_FORMAT=json keeps JSON there, too.
 * Level by EDGERTC_LOG_LEVEL (default `info`).
 */
export function createLog(fields: Record<string, unknown> = {}): Log {
  const options: LoggerOptions = {
    level: process.env["EDGERTC_LOG_LEVEL"] ?? "info",
    base: { ...fields },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*[*].${name}`]), censor: "[secret]" },
  };
  const format = process.env["EDGERTC_LOG_FORMAT"] ?? (process.stderr.isTTY === true ? "pretty" : "json");
  if (format !== "pretty") {
    return pino(
      { ...options, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } },
      pino.destination({ fd: 2, sync: true }),
    );
  }
  return pino({
    ...options,
    transport: {
      target: "pino-pretty",
      options: { destination: 2, translateTime: "HH:MM:ss.l", ignore: "shard,node" },
    },
  });
}
