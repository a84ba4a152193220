/** Tells sessions that a lost node took with it that they are over, for whoever watches their outputs: the node cannot. */
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { type Env, sessionOf } from "../env.ts";
import type { Lease } from "../ledger/types.ts";
import { log, reasonOf } from "../log.ts";

/** Sessions told of one node's loss: an object may make a bounded number of calls. Watchers of others learn it when they come back. */
export const MAX_NOTICES = 500;

export async function noticeEnds(env: Env, stream: string, leases: readonly Lease[]): Promise<void> {
  const results = await Promise.allSettled(
    leases.slice(0, MAX_NOTICES).map(({ sid, clientId }) => {
      const notice = { v: PROTOCOL_VERSION, sid, stream, clientId, outputs: [], ended: true };
      return sessionOf(env, stream, clientId).outputs(notice);
    }),
  );
  const failed = results.filter((result) => result.status === "rejected");
  if (failed.length === 0) return;
  log("warn", "end_notices_failed", { stream, count: failed.length, reason: reasonOf(failed[0]?.reason) });
}
