/** What becomes of a node's sessions, with times: a log line for each step, and the same as metrics. */
import type { ReplyBody, SessionCommand, SessionEvent } from "../../shared/link.ts";
import type { Clock } from "../time/clock.ts";
import type { NodeMetrics } from "./node-metrics.ts";

type Offer = Extract<SessionCommand, { command: "offer" | "offer_socket" }>;

interface Times {
  readonly offeredAtMs: number;
  readonly connectedAtMs: number | null;
}

export interface JournalOptions {
  readonly clock: Clock;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  readonly metrics: Pick<NodeMetrics, "offer" | "connected" | "ended">;
}

export class SessionJournal {
  readonly #options: JournalOptions;
  /** By sid; as many as the node has sessions. */
  readonly #times = new Map<string, Times>();

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Sessions it keeps the times of. */
  get size(): number {
    return this.#times.size;
  }

  /** Passes an offer on and notes how it was answered. The same offer again is noted again, its session is not. */
  async offer(offer: Offer, execute: (offer: Offer) => Promise<ReplyBody>): Promise<ReplyBody> {
    const { clock, log, metrics } = this.#options;
    const { sid, stream } = offer;
    const offeredAtMs = clock.nowMs();
    const known = this.#times.has(sid);
    // It can be connected before its answer is back from the session process.
    if (!known) this.#times.set(sid, { offeredAtMs, connectedAtMs: null });
    const reply = await execute(offer);
    const answerMs = Math.round(clock.nowMs() - offeredAtMs);
    metrics.offer(stream, reply.ok ? "answered" : reply.error, answerMs);
    if (reply.ok) log.info({ sid, stream, answerMs }, "offer answered");
    else {
      if (!known) this.#times.delete(sid);
      log.warn({ sid, stream, answerMs, error: reply.error, cause: reply.message }, "offer refused");
    }
    return reply;
  }

  event(event: SessionEvent): void {
    const { clock, log, metrics } = this.#options;
    const { sid, stream } = event;
    const nowMs = clock.nowMs();
    const times = this.#times.get(sid);
    if (times === undefined) return;
    if (event.event === "connected") {
      const connectMs = Math.round(nowMs - times.offeredAtMs);
      this.#times.set(sid, { ...times, connectedAtMs: nowMs });
      metrics.connected(stream, connectMs);
      log.info({ sid, stream, connectMs }, "session connected");
      return;
    }
    const { reason } = event;
    const liveMs = times.connectedAtMs === null ? null : Math.round(nowMs - times.connectedAtMs);
    this.#times.delete(sid);
    metrics.ended(stream, reason, liveMs);
    log.info({ sid, stream, reason, liveMs }, "session ended");
  }
}
