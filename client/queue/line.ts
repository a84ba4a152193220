/**
 * Waiting in line: asks the edge how a ticket stands until it is its turn, and makes the offer; docs/queue.md. Loaded only where a line
 * is: for a call that finds every slot taken, or one whose time is up.
 */
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
/** The node tells its caller of a new place before the edge has heard of it: some 50 ms. */
const NEWS_MS = 150;
/** A place that the edge has not heard of by then will not be one. */
const MAX_NEWS_MS = 5_000;

const Status = v.object({
  state: v.picklist(["waiting", "ready"]),
  position: v.optional(v.number()),
  estimatedWaitMs: v.optional(v.nullable(v.number())),
  retryAfterMs: v.optional(v.number()),
});

/** As a refusal has it; or of a session whose time is up, which has told its ticket and nothing else. */
export type Standing = QueuePlace | Pick<QueuePlace, "ticket">;

export interface LineOptions {
  readonly signaling: Signaling;
  readonly place: Standing;
  /** Of the stream's queue. Default: the shortest there is. */
  readonly ticketTtlMs: number | undefined;
  /** Nobody waits any more. */
  readonly signal: AbortSignal;
  /** Told whenever it has changed, and at least once before the first offer. */
  readonly onPlace: (place: Place) => void;
  /** Makes the offer, which has the ticket. @returns the place in line where every slot is taken all the same. */
  readonly offer: () => Promise<QueuePlace | null>;
}

/**
 * Settles when an offer was taken.
 * @returns false where the edge never heard of the ticket of a session whose time is up.
 * @throws CallError `unknown_ticket` where the place is lost, `edge_unreachable` where the edge did not answer for as long as it
 * keeps a place, `call_ended` once the signal is aborted; or what the offer throws.
 */
export async function standInLine({ place: first, offer, ...options }: LineOptions): Promise<boolean> {
  const { signaling, signal } = options;
  let place: Standing | null = first;
  while (place !== null) {
    signaling.useTicket(place.ticket);
    if (signal.aborted) {
      // Somebody hung up before there was a place: nobody else gives it up.
      await signaling.leaveLine();
      return true;
    }
    if (!(await waitForTurn(place, options))) return false;
    place = await offer();
  }
  return true;
}

/** Settles when a slot is held for the ticket. @returns and throws as {@link standInLine}. */
async function waitForTurn(
  place: Standing,
  { signaling, signal, onPlace, ticketTtlMs = MIN_TICKET_TTL_MS }: Omit<LineOptions, "place" | "offer">,
): Promise<boolean> {
  let last: Place | null = null;
  let retryAfterMs = NEWS_MS;
  if ("position" in place) {
    last = place;
    retryAfterMs = Math.max(MIN_ASK_INTERVAL_MS, place.retryAfterMs);
    onPlace(last);
  }
  let answeredAtMs = performance.now();
  const clock = new BackgroundClock(signal);
  try {
    for (;;) {
      await clock.sleep(retryAfterMs);
      try {
        const status = understand(Status, await signaling.place());
        const ready = status.state === "ready";
        const { position = last?.position ?? 1, estimatedWaitMs = null } = status;
        const changed: boolean = position !== last?.position || estimatedWaitMs !== last.estimatedWaitMs;
        if (last === null || (changed && !ready)) {
          last = { position, estimatedWaitMs };
          onPlace(last);
        }
        if (ready) return true;
        answeredAtMs = performance.now();
        retryAfterMs = Math.max(MIN_ASK_INTERVAL_MS, status.retryAfterMs ?? retryAfterMs);
      } catch (error) {
        if (signal.aborted) throw error;
        const sinceMs = performance.now() - answeredAtMs;
        if (last === null) {
          if (sinceMs > MAX_NEWS_MS) return false;
          retryAfterMs = MIN_ASK_INTERVAL_MS;
          continue;
        }
        // A network that is gone for a moment, or an edge that restarts, costs nobody the place.
        const passing = error instanceof CallError && error.retryable;
        if (!passing || sinceMs > ticketTtlMs) throw error;
      }
    }
  } finally {
    clock.close();
  }
}
