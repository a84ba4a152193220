/** A stream's name, and where its routes are. Apart from ids.ts, since it is all of that file that a call has to load. */
import * as v from "valibot";

/** The stream served at the root path, and the name of a stream file's default export. */
export const DEFAULT_STREAM = "default";

/** A stream's name is a path segment: letters, digits, `_` and `-`, at most 64, starting with a letter or digit. */
export const StreamName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/));

/** The path prefix of a stream's routes: "" for the default stream, "/name" for others. */
export function streamPath(name: string): string {
  return name === DEFAULT_STREAM ? "" : `/${name}`;
}
