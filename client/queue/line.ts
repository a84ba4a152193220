/** Waiting in line: asks the edge how a ticket stands until it is its turn; docs/queue.md. Loaded only where a line is. */
import * as v from "valibot";
import type { QueuePlace } from "../../shared/errors.ts";
import { MIN_TICKET_TTL_MS } from "../../shared/limits.ts";
import { CallError } from "../errors.ts";
import { understand } from "../refusal.ts";
import type { Signaling } from "../signaling.ts";
import type { Place } from "../state.ts";
import { BackgroundClock } from "./background-clock.ts";

/** Whatever the edge says: not more often. */
const MIN_ASK_INTERVAL_MS = 500;

const Status = v.object({
  state: v.picklist(["waiting", "ready"]),
  position: v.optional(v.number()),
  estimatedWaitMs: v.optional(v.nullable(v.number())),
  retryAfterMs: v.optional(v.number()),
});

export interface LineOptions {
  readonly signaling: Signaling;
  /** As the refusal had it. */
  readonly place: Omit<QueuePlace, "ticket">;
  /** Of the stream's queue. Default: the shortest there is. */
  readonly ticketTtlMs: number | undefined;
  /** Nobody waits any more. */
  readonly signal: AbortSignal;
  /** Told whenever it has changed. */
  readonly onPlace: (place: Place) => void;
}

/**
 * Settles when a slot is held for the ticket.
 * @throws CallError `unknown_ticket` where the place is lost, `edge_unreachable` where the edge did not answer for as long as it
 * keeps a place, `call_ended` once the signal is aborted.
 */
export async function waitInLine({ signaling, signal, onPlace, ...options }: LineOptions): Promise<void> {
  const { ticketTtlMs = MIN_TICKET_TTL_MS } = options;
  let { retryAfterMs } = options.place;
  let last: Place = options.place;
  let answeredAtMs = performance.now();
  const clock = new BackgroundClock(signal);
  try {
    for (;;) {
      await clock.sleep(Math.max(MIN_ASK_INTERVAL_MS, retryAfterMs));
      try {
        const status = understand(Status, await signaling.place());
        if (status.state === "ready") return;
        answeredAtMs = performance.now();
        retryAfterMs = status.retryAfterMs ?? retryAfterMs;
        const { position = last.position, estimatedWaitMs = null } = status;
        if (position === last.position && estimatedWaitMs === last.estimatedWaitMs) continue;
        last = { position, estimatedWaitMs };
        onPlace(last);
      } catch (error) {
        // A network that is gone for a moment, or an edge that restarts, costs nobody the place.
        const passing = error instanceof CallError && error.retryable && !signal.aborted;
        if (!passing || performance.now() - answeredAtMs > ticketTtlMs) throw error;
      }
    }
  } finally {
    clock.close();
  }
}
