/** The last sessions that ended, in memory: enough to tell a client why, and bounded. */
import type { EndReason } from "../../shared/session.ts";

/** Ended sessions remembered per stream. Past it the oldest is forgotten, and asked for it is unknown. */
export const MAX_ENDED_SESSIONS = 512;

export interface EndedSession {
  readonly sid: string;
  readonly reason: EndReason;
  /** When it ended, in milliseconds since 1970, as far as is known. */
  readonly sinceMs?: number;
}

export class EndedSessions {
  /** By client id, oldest first. */
  readonly #sessions = new Map<string, EndedSession>();

  add(clientId: string, ended: EndedSession): void {
    this.#sessions.delete(clientId);
    this.#sessions.set(clientId, ended);
    if (this.#sessions.size <= MAX_ENDED_SESSIONS) return;
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }

  /** A report that came late knows better why a session ended. */
  correct(clientId: string, ended: EndedSession): void {
    const known = this.#sessions.get(clientId);
    if (known?.sid === ended.sid) this.#sessions.set(clientId, { ...known, ...ended });
  }

  get(clientId: string): EndedSession | null {
    return this.#sessions.get(clientId) ?? null;
  }

  /** By the session's own id, for whoever never knew what its client called it. */
  bySid(sid: string): EndedSession | null {
    return [...this.#sessions.values()].find((ended) => ended.sid === sid) ?? null;
  }
}
