/**
 * Calls that outlive their media: a network that breaks, a node that is stopped or dies. By option (EDGERTC_TELEPHONE_RESUME) the
 * provider asks for new instructions then, and the call goes on with a new session in place of the farewell.
 */
import * as v from "valibot";
import { SessionId } from "../../shared/ids.ts";
import type { EndReason } from "../../shared/session.ts";

/** Sessions that one call gets after its first. Past it something is broken for good. */
const MAX_RESUMES = 5;

/** A node reports within 50 ms, and what is under way takes as long again. */
const REPORT_WAITS_MS: readonly number[] = [50, 100, 200, 400, 800];

/** Endings that were meant: the handler hung up, time was over, an operator ended it. */
const MEANT: readonly EndReason[] = ["handler_closed", "time_limit", "ended_by_edge"];

/** Which session a call had before, and how many that was. */
const Query = v.object({
  after: SessionId,
  resumes: v.pipe(v.string(), v.regex(/^\d$/), v.transform(Number)),
});
export type ResumeQuery = v.InferOutput<typeof Query>;

/** @returns null for a call that begins. */
export function resumeQuery(query: Readonly<Record<string, string>>): ResumeQuery | null {
  const parsed = v.safeParse(Query, query);
  return parsed.success ? parsed.output : null;
}

/** `in_line`: its time was up, on a stream whose callers take turns. */
export type AfterMedia = "goes_on" | "in_line" | "over";

/**
 * What becomes of a call whose media has ended.
 * @param rules.resumes whether calls that are cut go on. @param rules.rejoins whether a caller whose time is up is in line again.
 * @param endOf how the session ended: the provider may ask before the node has reported it.
 */
export async function afterMedia(
  { resumes }: ResumeQuery,
  rules: { readonly resumes: boolean; readonly rejoins: boolean },
  endOf: () => Promise<EndReason | "running" | null>,
): Promise<AfterMedia> {
  let end = await endOf();
  for (const waitMs of REPORT_WAITS_MS) {
    if (end !== "running") break;
    await scheduler.wait(waitMs);
    end = await endOf();
  }
  if (end === "time_limit" && rules.rejoins) return "in_line";
  if (!rules.resumes || resumes > MAX_RESUMES) return "over";
  // A node that still says nothing is dead, or cut off itself.
  return end === "running" || end === null || !MEANT.includes(end) ? "goes_on" : "over";
}

/** What the provider says when it comes back because the session's media has ended. */
export function resumed(sid: string, before: ResumeQuery | null): Record<string, string> {
  return { after: sid, resumes: String((before?.resumes ?? 0) + 1) };
}
