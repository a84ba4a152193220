/**
 * What a handler may know of the request that began its session: the headers that its stream asks for, and where it came from.
 * The edge reads them off the offer; a client cannot set the location.
 */
import * as v from "valibot";
import { MAX_REQUEST_HEADER_CHARS } from "./limits.ts";
import { HeaderName } from "./request-headers.ts";

export { HeaderName, HeaderNames } from "./request-headers.ts";

const word = v.optional(v.pipe(v.string(), v.maxLength(128)));
const degrees = (most: number) => v.optional(v.pipe(v.number(), v.minValue(-most), v.maxValue(most)));

/** Where a request came from, as far as the platform knows. */
export const Location = v.object({
  /** ISO 3166-1, two letters. */
  country: word,
  region: word,
  city: word,
  /** IANA, such as `Europe/Berlin`. */
  timezone: word,
  latitude: degrees(90),
  longitude: degrees(180),
});
export type Location = v.InferOutput<typeof Location>;

export const RequestFacts = v.object({
  /** By their names in lower case; those that the request did not have are not there. */
  headers: v.record(HeaderName, v.pipe(v.string(), v.maxLength(MAX_REQUEST_HEADER_CHARS))),
  /** Null where the platform does not say, as on a developer's machine. */
  location: v.nullable(Location),
});
export type RequestFacts = v.InferOutput<typeof RequestFacts>;

/** What is known where nothing is: of a node whose edge is older, for one. */
export const NO_FACTS: RequestFacts = { headers: {}, location: null };
