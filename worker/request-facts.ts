/** What a handler is told of the request that begins its session. */
import * as v from "valibot";
import { MAX_REQUEST_HEADER_CHARS } from "../shared/limits.ts";
import { Location, NO_FACTS, type RequestFacts } from "../shared/request-facts.ts";
import { placeOf } from "./place.ts";

/** The platform's own names; anything that is no short text is left out. */
const word = v.fallback(v.optional(v.pipe(v.string(), v.maxLength(128))), undefined);
const Whereabouts = v.object({ country: word, region: word, city: word, timezone: word });

/**
 * @param names of the headers that the stream asks for, in lower case. One that is too long is left out.
 * @returns undefined where there is nothing to tell.
 */
export function requestFacts(request: Request, names: readonly string[] = []): RequestFacts | undefined {
  const headers: Record<string, string> = {};
  for (const name of names) {
    const value = request.headers.get(name);
    if (value !== null && value.length <= MAX_REQUEST_HEADER_CHARS) headers[name] = value;
  }
  const location = locationOf(request.cf);
  if (location === null && Object.keys(headers).length === 0) return undefined;
  return { ...NO_FACTS, headers, location };
}

function locationOf(cf: unknown): Location | null {
  const words = v.safeParse(Whereabouts, cf);
  const known = { ...(words.success ? words.output : {}), ...placeOf(cf) };
  const location = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
  return Object.keys(location).length === 0 ? null : v.parse(Location, location);
}
