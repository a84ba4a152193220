/**
 * A caller in line: where a stream with a queue has no slot, the call waits with its provider, which asks again every few
 * seconds. That keeps the place, and nothing is open here meanwhile.
 */
import * as v from "valibot";
import { Ticket, ticketOf } from "../../shared/ids.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { type Env, streamOf } from "../env.ts";
import type { Queued } from "../ledger/types.ts";
import { callObject, isOlder } from "../objects/call.ts";
import type { KnownStream } from "../routes/stream-name.ts";

/** Seconds of silence until it is asked again: a slot is held for 12 s, and a sentence takes its time, too. */
const SECONDS = 4;
const SECONDS_AFTER_WORDS = 2;
/** For who is next: the slot is idle meanwhile. */
const SECONDS_OF_NEXT = 2;

/** A place in line that the provider comes back with, and which number it has told the caller. */
const Query = v.object({
  place: Ticket,
  told: v.optional(v.pipe(v.string(), v.regex(/^\d{1,6}$/), v.transform(Number))),
});
export type LineQuery = v.InferOutput<typeof Query> & {
  /** It had its turn, and is at the end of the line again. */
  readonly timeUp?: boolean;
};

/** The place of a caller whose time was up. */
export function placeAfter(sid: string): LineQuery {
  return { place: ticketOf(sid), timeUp: true };
}

/** @returns null for a call that does not wait. */
export function lineQuery(query: Readonly<Record<string, string>>): LineQuery | null {
  const parsed = v.safeParse(Query, query);
  return parsed.success ? parsed.output : null;
}

/** `go`: there is a slot, as far as can be seen; where it is held for this call, with the place. */
export type Line =
  | { readonly at: "go"; readonly place?: string }
  | { readonly at: "wait"; readonly queued: Queued }
  | { readonly at: "busy" };

/** How it stands for a call that waits. @returns null where it has no place any more. */
export async function askPlace(env: Env, stream: string, { place }: LineQuery): Promise<Line | null> {
  const status = await callObject(() => streamOf(env, stream).ticket({ v: PROTOCOL_VERSION, ticket: place }));
  if (status === null) return null;
  return status.state === "ready" ? { at: "go", place } : { at: "wait", queued: status };
}

/** How it stands for a call that has no place. @param placed true if admission itself decides, and gives it one. */
export async function standInLine(
  env: Env,
  { name, descriptor }: KnownStream,
  { sid, placed }: { readonly sid: string; readonly placed: boolean },
): Promise<Line> {
  if (placed) return { at: "go" };
  return descriptor.queue == null ? await lookAtSlots(env, name) : await joinLine(env, name, sid);
}

async function joinLine(env: Env, stream: string, sid: string): Promise<Line> {
  try {
    const wait = await callObject(() => streamOf(env, stream).wait({ v: PROTOCOL_VERSION, sid }));
    if (wait.state === "waiting") return { at: "wait", queued: wait };
    return { at: wait.state === "refused" && wait.code !== "no_media_node" ? "busy" : "go" };
  } catch (error) {
    if (!isOlder(error)) throw error;
    return await lookAtSlots(env, stream);
  }
}

/** A caller is told in words where there is no slot. What it says may be over a moment later: the lease decides. */
async function lookAtSlots(env: Env, stream: string): Promise<Line> {
  const { limit, active } = await callObject(() => streamOf(env, stream).status({ v: PROTOCOL_VERSION }));
  return { at: limit !== null && active >= limit ? "busy" : "go" };
}

export interface Waiting {
  readonly sentence: string;
  readonly seconds: number;
  /** What the provider comes back with. */
  readonly query: { readonly place: string; readonly told: string };
}

/** What a caller in line is told, when that has changed, and when its provider asks again. */
export function waitingOf({ ticket, position, estimatedWaitMs }: Queued, waits: LineQuery | null): Waiting {
  const isNew = waits?.told === undefined;
  const place = position === 1 ? "You are next in line." : `You are number ${position} in line.`;
  const why = waits?.timeUp === true ? "Your time is up." : "All lines are busy.";
  const sentence = isNew ? `${why} ${place}${estimateOf(estimatedWaitMs)}` : place;
  const tells = isNew || waits.told !== position;
  const silence = position === 1 ? SECONDS_OF_NEXT : SECONDS;
  return {
    sentence: tells ? sentence : "",
    seconds: tells ? SECONDS_AFTER_WORDS : silence,
    query: { place: ticket, told: String(position) },
  };
}

function estimateOf(estimatedWaitMs: number | null): string {
  if (estimatedWaitMs === null) return "";
  const minutes = Math.ceil(estimatedWaitMs / 60_000);
  return minutes <= 1 ? " It will take about a minute." : ` It will take about ${minutes} minutes.`;
}
