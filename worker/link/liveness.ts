/** Liveness of a media node: up, suspect or lost, judged from facts and a clock that come in. Pure. */
import { NODE_LOST_MS, NODE_REDIAL_GRACE_MS, NODE_SUSPECT_MS } from "../../shared/link.ts";
import type { NodeState } from "../ledger/types.ts";

/** How often a suspect node whose socket is open is looked at: its pings do not wake the object. */
export const SUSPECT_CHECK_MS = 1_500;

/** What is known of a node. */
export interface NodeFacts {
  readonly state: NodeState;
  /** When the state became what it is. */
  readonly changedMs: number;
  /** While suspect without a socket: when it is lost. */
  readonly lostAtMs: number | null;
  /** The last word from the open socket; null without one. */
  readonly lastWordMs: number | null;
  /** When this instance of the object started. What happened before, it cannot know. */
  readonly startedMs: number;
}

export interface Judgement {
  readonly state: NodeState;
  readonly lostAtMs: number | null;
  /** When to judge again; null is never: only a hello brings a lost node back. */
  readonly checkAtMs: number | null;
}

const LOST: Judgement = { state: "lost", lostAtMs: null, checkAtMs: null };

export function judge(facts: NodeFacts, nowMs: number): Judgement {
  if (facts.state === "lost") return LOST;
  return facts.lastWordMs === null ? judgeAbsent(facts, nowMs) : judgeSilence(facts.lastWordMs, nowMs);
}

/** When a node whose socket has just closed is lost, if it does not redial. */
export function lostAfterClose(nowMs: number): number {
  return nowMs + NODE_REDIAL_GRACE_MS;
}

function judgeSilence(lastWordMs: number, nowMs: number): Judgement {
  const lostAtMs = lastWordMs + NODE_LOST_MS;
  if (nowMs >= lostAtMs) return LOST;
  const suspectAtMs = lastWordMs + NODE_SUSPECT_MS;
  if (nowMs < suspectAtMs) return { state: "up", lostAtMs: null, checkAtMs: suspectAtMs };
  return { state: "suspect", lostAtMs, checkAtMs: Math.min(lostAtMs, nowMs + SUSPECT_CHECK_MS) };
}

function judgeAbsent(facts: NodeFacts, nowMs: number): Judgement {
  const lostAtMs = absentDeadlineMs(facts);
  return nowMs >= lostAtMs ? LOST : { state: "suspect", lostAtMs, checkAtMs: lostAtMs };
}

function absentDeadlineMs({ state, changedMs, lostAtMs, startedMs }: NodeFacts): number {
  // The socket went while this object was down: the node may be alive and redialling, so it gets the long time.
  if (state === "up" || lostAtMs === null) return startedMs + NODE_LOST_MS;
  if (changedMs >= startedMs) return lostAtMs;
  // It went under an earlier instance: redials may have met the restart, so the short time starts anew. Not for ever,
  // though: by then the node has fenced itself, and an object that keeps being restarted has to free its slots, too.
  return Math.min(Math.max(lostAtMs, startedMs + NODE_REDIAL_GRACE_MS), changedMs + NODE_LOST_MS);
}
