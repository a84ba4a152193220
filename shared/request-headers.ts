/** Names of the headers that a stream's handler is given; apart from the other facts of a request, which no client needs. */
import * as v from "valibot";
import { MAX_REQUEST_HEADERS } from "./limits.ts";

/** A header's name in lower case, as HTTP has it. */
export const HeaderName = v.pipe(v.string(), v.regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/));

/** The headers that a stream's handler is given. */
export const HeaderNames = v.pipe(v.array(HeaderName), v.maxLength(MAX_REQUEST_HEADERS));
