/** Model files on disk: checked byte for byte, and written so that no process ever sees half of one. */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { EdgeRtcError } from "../../shared/errors.ts";
import type { ModelFile } from "./model-spec.ts";

/** `ready`: the bytes are the expected ones. `damaged`: a file is there and is not. */
export type FileState = "ready" | "missing" | "damaged";

/** Read in pieces that take well under a millisecond to hash, so that media on the same thread goes on. */
const READ_CHUNK_BYTES = 256 * 1024;

/** A temporary file older than this belongs to a process that died. */
const ABANDONED_AFTER_MS = 3_600_000;
const PART_SUFFIX = ".part";

/** Looks at a file's size only: enough to list, not to use. */
export async function fileSizeState(path: string, file: ModelFile): Promise<FileState> {
  try {
    return (await stat(path)).size === file.bytes ? "ready" : "damaged";
  } catch (error) {
    if (isMissing(error)) return "missing";
    throw error;
  }
}

/** Reads the whole file and compares its sha256: about 0.6 ms per MB. */
export async function fileState(path: string, file: ModelFile, signal?: AbortSignal): Promise<FileState> {
  const state = await fileSizeState(path, file);
  if (state !== "ready") return state;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: READ_CHUNK_BYTES, signal })) hash.update(chunk);
  return hash.digest("hex") === file.sha256 ? "ready" : "damaged";
}

/** A file that is complete and verified but not yet in its place. */
export interface StagedFile {
  /** Moves it into its place, over whatever is there, in one step. */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Writes bytes beside their target and verifies them.
 * @throws EdgeRtcError `model_corrupt` when they are not the expected ones; nothing is left behind.
 */
export async function stage(
  bytes: AsyncIterable<Uint8Array>,
  target: string,
  file: ModelFile,
  signal?: AbortSignal,
): Promise<StagedFile> {
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.${randomUUID()}${PART_SUFFIX}`;
  const hash = createHash("sha256");
  async function* checked() {
    let length = 0;
    for await (const chunk of bytes) {
      length += chunk.length;
      // Checked on the way: a wrong file must not fill the disk.
      if (length > file.bytes) throw wrongBytes(target);
      hash.update(chunk);
      yield chunk;
    }
    if (length !== file.bytes || hash.digest("hex") !== file.sha256) throw wrongBytes(target);
  }
  try {
    await pipeline(checked, createWriteStream(part), signal === undefined ? {} : { signal });
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return { commit: () => rename(part, target), discard: () => rm(part, { force: true }) };
}

/** Removes what processes that died in the middle of a download left in a folder. */
export async function removeAbandoned(folder: string, nowMs: number): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  for (const name of names.filter((candidate) => candidate.endsWith(PART_SUFFIX))) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: nowMs }));
    if (nowMs - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true });
  }
}

function wrongBytes(target: string): EdgeRtcError {
  return new EdgeRtcError("model_corrupt", `The bytes that came for ${basename(target)} are not the expected ones.`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
