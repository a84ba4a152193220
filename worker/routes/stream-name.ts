/** Which stream a request is for: its first path segment, or the default stream. */
import type { Context } from "hono";
import * as v from "valibot";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import { DEFAULT_STREAM, RESERVED_STREAM_NAMES, StreamName } from "../../shared/ids.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import type { EdgeEnv } from "./types.ts";

export interface KnownStream {
  readonly kind: "known";
  readonly name: string;
  readonly descriptor: StreamDescriptor;
}

export type FoundStream =
  | KnownStream
  | { readonly kind: "unknown" }
  | { readonly kind: "nothing_registered"; readonly name: string };

/** Finds the stream without making an object for a name that nobody registered. */
export async function findStream(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<FoundStream> {
  const name = c.req.param("stream") ?? DEFAULT_STREAM;
  if (!v.is(StreamName, name) || RESERVED_STREAM_NAMES.includes(name)) return { kind: "unknown" };
  const entry = await directory.lookup(c.env, name);
  return entry.kind === "unknown" ? entry : { ...entry, name };
}
