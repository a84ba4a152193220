/** What sessions cost at the edge, in the platform's prices: from what the tests count to dollars (docs/costs.md). */

/** Dollars per million, beyond what a plan includes. Workers Paid, read in November 2026. */
export const PRICES = {
  workerRequests: 0.3,
  workerCpuMs: 0.02,
  /** Calls, requests and alarms of objects. */
  objectRequests: 0.15,
  gigabyteSeconds: 12.5,
  rowsWritten: 1,
} as const;

/** Messages that an object receives on its sockets, per request that is billed. */
const MESSAGES_PER_REQUEST = 20;
/** An object counts as this much memory, whatever it uses. */
const OBJECT_GIGABYTES = 0.128;

/** Assumed, per Worker request: twice what `bench/admission` measures for a whole offer's way through Worker and objects. */
const WORKER_CPU_MS = 2;
/** Assumed: a node answers within this, the way there and back included. Whoever waits for it is held as long. */
const NODE_ANSWERS_MS = 50;
/** Assumed: everything else an object does. Mostly the storage's confirmation. */
const OTHERWISE_HELD_MS = 5;

/**
 * Assumed, of a call of five minutes that the edge bridges: FastRTC's page sends 2,048 samples at 24 kHz a message and two pings a
 * second; the node sends 60 ms a message and speaks half of the time.
 */
export const BRIDGED_CALL = { seconds: 300, messages: 6_600 } as const;

/** What is counted of a session. */
export interface SessionUsage {
  readonly workerRequests: number;
  readonly objectCalls: number;
  /** Of the calls: those that wait for the node. */
  readonly waitingCalls: number;
  readonly messages: number;
  /** Alarms that are set count as rows, too. */
  readonly rowsWritten: number;
  readonly alarms: number;
  /** Media that an object passes on: it is awake all the while, and each message counts. */
  readonly bridged?: { readonly seconds: number; readonly messages: number };
}

export function gigabyteSeconds({ objectCalls, waitingCalls, messages, alarms, bridged }: SessionUsage): number {
  const others = objectCalls - waitingCalls + messages + alarms;
  const heldMs = waitingCalls * NODE_ANSWERS_MS + others * OTHERWISE_HELD_MS + (bridged?.seconds ?? 0) * 1_000;
  return (OBJECT_GIGABYTES * heldMs) / 1_000;
}

/** Dollars for a million of such sessions. */
export function dollarsPerMillion(usage: SessionUsage): number {
  const { workerRequests, objectCalls, rowsWritten, alarms } = usage;
  return (
    workerRequests * (PRICES.workerRequests + WORKER_CPU_MS * PRICES.workerCpuMs) +
    (objectCalls + alarms + messagesOf(usage) / MESSAGES_PER_REQUEST) * PRICES.objectRequests +
    gigabyteSeconds(usage) * PRICES.gigabyteSeconds +
    rowsWritten * PRICES.rowsWritten
  );
}

const messagesOf = ({ messages, bridged }: SessionUsage): number => messages + (bridged?.messages ?? 0);

/** A line of the table in docs/costs.md. */
export function costLine(type: string, usage: SessionUsage): string {
  const { workerRequests, objectCalls, rowsWritten, alarms } = usage;
  const counts = [workerRequests, objectCalls + alarms, messagesOf(usage), rowsWritten];
  const dollars = `$${dollarsPerMillion(usage).toFixed(2)}`;
  return `| ${[type, ...counts, gigabyteSeconds(usage).toFixed(3), dollars].join(" | ")} |`;
}
