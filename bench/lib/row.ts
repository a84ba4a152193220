/** One row of the benchmarks: what it measures, and what came out. */
import type { Usage } from "./machine.ts";
import type { Summary } from "./percentiles.ts";
import type { Pinning } from "./pinning.ts";
import type { Server, ServerKind } from "./server.ts";

export interface Figure {
  readonly name: string;
  /** NaN: nothing was measured. */
  readonly value: number;
  readonly unit: string;
  readonly target?: { readonly bound: "at_most" | "at_least"; readonly value: number };
  /** FastRTC's, measured with a client of the same kind under the same conditions. */
  readonly fastRtc?: string;
  /** Where `value` is the median of many. */
  readonly spread?: Summary;
}

export interface Measurement {
  readonly figures: readonly Figure[];
  readonly usage: Usage;
  /** How late the client sent its packets, where it sends packets of its own. */
  readonly clientLateMs?: Summary;
}

export interface RowContext {
  readonly server: Server;
  readonly pinning: Pinning;
  /** Aborted when the row's time is up. */
  readonly signal: AbortSignal;
}

export interface Row {
  /** Its benchmark's name and what is special about it. */
  readonly title: string;
  readonly server: ServerKind;
  /** About how long it takes, the server's start included. */
  readonly estimateMs: number;
  measure(context: RowContext): Promise<Measurement>;
}

export interface Scale {
  /** Short, for trying the benchmark itself. */
  readonly quick: boolean;
  /** Rows beyond the usual ones. */
  readonly more: boolean;
}

/** A figure that is the median of many. */
export function median(name: string, spread: Summary, rest: Pick<Figure, "target" | "fastRtc"> = {}): Figure {
  return { name, value: spread.p50, unit: "ms", spread, ...rest };
}

export const atMost = (value: number) => ({ bound: "at_most", value }) as const;
export const atLeast = (value: number) => ({ bound: "at_least", value }) as const;

/** Share of a core, in percent, that each of `sessions` costs the server. */
export function corePercent({ serverCpuMs, wallMs }: Usage, sessions: number): number {
  return (100 * serverCpuMs) / wallMs / sessions;
}
