/** The node's log: JSON lines, or readable ones on a terminal. */
import pino, { type Logger } from "pino";

export type Log = Logger;

/** Level by EDGERTC_LOG_LEVEL (default `info`). `fields` are in every line. */
export function createLog(fields: Record<string, unknown> = {}): Log {
  const level = process.env["EDGERTC_LOG_LEVEL"] ?? "info";
  if (process.stderr.isTTY !== true)
    return pino({ level, base: { ...fields } }, pino.destination({ fd: 2, sync: true }));
  return pino({
    level,
    base: { ...fields },
    transport: {
      target: "pino-pretty",
      options: { destination: 2, translateTime: "HH:MM:ss.l", ignore: "shard,node" },
    },
  });
}
