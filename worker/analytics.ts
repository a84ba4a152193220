/**
 * Numbers for operators by the platform's own means: one data point per offer and one per session's end, in Workers
 * Analytics Engine, if the Worker has the binding ANALYTICS. Nobody waits for them, and nothing depends on them.
 *
 * A point's columns (docs/operators.md has queries): index1 stream, blob1 `offer` or `end`, blob2 outcome or reason, blob3
 * country or node, blob4 data centre, double1 milliseconds.
 */
import type { EndReason } from "../shared/session.ts";
import type { Env } from "./env.ts";
import { log, reasonOf } from "./log.ts";

export interface OfferPoint {
  readonly stream: string;
  /** `answered`, or the code it was refused with. */
  readonly outcome: string;
  readonly tookMs: number;
  /** Where the client is, as far as the platform tells. */
  readonly cf: IncomingRequestCfProperties | CfProperties | undefined;
}

export interface EndPoint {
  readonly stream: string;
  readonly reason: EndReason;
  readonly nodeId: string;
  /** From admission to the end; null where that is not known: for what the edge ended because a node was lost. */
  readonly lastedMs: number | null;
}

type Point = AnalyticsEngineDataPoint;

export function recordOffer(env: Pick<Env, "ANALYTICS">, { stream, outcome, tookMs, cf }: OfferPoint): void {
  const blobs = ["offer", outcome, wordOf(cf?.["country"]), wordOf(cf?.["colo"])];
  write(env, { indexes: [stream], blobs, doubles: [tookMs] });
}

export function recordEnd(env: Pick<Env, "ANALYTICS">, { stream, reason, nodeId, lastedMs }: EndPoint): void {
  write(env, { indexes: [stream], blobs: ["end", reason, nodeId, ""], doubles: lastedMs === null ? [] : [lastedMs] });
}

function write({ ANALYTICS: dataset }: Pick<Env, "ANALYTICS">, point: Point): void {
  try {
    dataset?.writeDataPoint(point);
  } catch (error) {
    // Past the platform's 250 points per request it throws: a call must not fail of it.
    log("warn", "analytics_failed", { reason: reasonOf(error) });
  }
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
