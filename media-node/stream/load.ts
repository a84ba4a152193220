/** Loads a developer's stream file: TypeScript or JavaScript, no build step. */
import { stat } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import { DEFAULT_STREAM, RESERVED_STREAM_NAMES, StreamName } from "../../shared/ids.ts";
import { Stream } from "./stream.ts";

export interface LoadedStream {
  readonly stream: Stream;
  readonly descriptor: StreamDescriptor;
}

/**
 * Imports the file and takes every export that is a Stream.
 * @throws Error that names the file and the trouble: not there, does not load, exports no stream, a name no path can have.
 */
export async function loadStreams(file: string): Promise<ReadonlyMap<string, LoadedStream>> {
  const fullPath = path.resolve(file);
  const build = await stat(fullPath).then(
    ({ mtimeMs }) => Math.floor(mtimeMs),
    () => {
      throw new Error(`There is no stream file at ${fullPath}.`);
    },
  );
  const exports: Record<string, unknown> = await import(pathToFileURL(fullPath).href);
  const streams = new Map<string, LoadedStream>();
  for (const [exportName, value] of Object.entries(exports)) {
    if (!(value instanceof Stream)) continue;
    const name = exportName === "default" ? DEFAULT_STREAM : exportName;
    if (!v.is(StreamName, name) || RESERVED_STREAM_NAMES.includes(name)) {
      throw new Error(`The export "${exportName}" of ${fullPath} cannot be a stream's path; rename it.`);
    }
    streams.set(name, { stream: value, descriptor: value.describe(name, build) });
  }
  if (streams.size === 0) {
    throw new Error(`${fullPath} exports no Stream. Try: export default new Stream(handler, { modality: "audio" });`);
  }
  return streams;
}
