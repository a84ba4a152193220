/**
 * Measures one row after the other, each against a server of its own, within a time. What was measured while the machine
 * was busy with something else is measured again at the end, as long as time is left.
 */
import { isContended } from "./machine.ts";
import type { Pinning } from "./pinning.ts";
import type { Result } from "./report.ts";
import type { Row } from "./row.ts";
import type { ServerHost } from "./server.ts";

/** A row that takes this many times its estimate is given up. */
const PATIENCE = 2;

export interface RunOptions {
  readonly rows: readonly Row[];
  readonly host: Pick<ServerHost, "with">;
  readonly pinning: Pinning;
  /** How often a row is measured at most, as long as the machine is busy with something else. */
  readonly attempts: number;
  /** For the whole run. */
  readonly budgetMs: number;
  /** Ends the run early. */
  readonly signal: AbortSignal;
  readonly onResult: (result: Result) => Promise<void>;
  readonly onFailure: (row: Row, error: unknown) => void;
}

export interface RunOutcome {
  /** The best measurement of every row that was measured. */
  readonly results: readonly Result[];
  readonly failed: number;
}

export async function run(options: RunOptions): Promise<RunOutcome> {
  const { rows, signal, budgetMs, attempts } = options;
  const endMs = performance.now() + budgetMs;
  const best = new Map<Row, Result>();
  const failed = new Set<Row>();
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const due = attempt === 1 ? rows : rows.filter((row) => best.get(row)?.contended === true);
    for (const row of due) {
      if (signal.aborted) break;
      const leftMs = endMs - performance.now();
      if (leftMs < row.estimateMs) {
        if (attempt === 1) {
          failed.add(row);
          options.onFailure(row, new Error("no time is left for it"));
        }
        continue;
      }
      try {
        const result = await measureOnce(options, row, attempt, Math.min(leftMs, PATIENCE * row.estimateMs));
        if (!result.contended || !best.has(row)) best.set(row, result);
        await options.onResult(result);
      } catch (error) {
        if (attempt === 1) failed.add(row);
        options.onFailure(row, error);
      }
    }
  }
  return { results: rows.flatMap((row) => best.get(row) ?? []), failed: failed.size };
}

async function measureOnce(options: RunOptions, row: Row, attempt: number, limitMs: number): Promise<Result> {
  const { host, pinning } = options;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(Math.ceil(limitMs))]);
  const measured = await host.with(row.server, signal, (server) => row.measure({ server, pinning, signal }));
  return { ...measured, row, attempt, contended: isContended(measured.usage, measured.clientLateMs) };
}
