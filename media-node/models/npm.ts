/** Files out of the tarball of an npm package, from whichever registry this machine's npm is set up for. */
import { type ExecFileException, execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import * as tar from "tar-stream";
import * as v from "valibot";
import { type DownloadOptions, download } from "./download.ts";

/** A question to the registry that takes longer has failed. */
const NPM_VIEW_TIMEOUT_MS = 60_000;
const NPM_PACK_TIMEOUT_MS = 600_000;
/** The public registry writes its own address into what mirrors serve; npm replaces it, and so do we. */
const PUBLIC_HOST = "registry.npmjs.org";

const Dist = v.object({ "dist.tarball": v.string(), "dist.integrity": v.string() });
const Packed = v.pipe(v.array(v.object({ filename: v.string() })), v.minLength(1));

/** What to read from a tarball. */
export interface WantedFiles {
  /** Without the tarball's leading folder. */
  readonly paths: ReadonlySet<string>;
  /** Called with each of them that is there; the next waits until it is done. */
  take(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
}

/**
 * Reads a package's tarball once, from front to back.
 *
 * The registry, and how to reach it, are npm's own settings (`npm_config_registry`, `.npmrc`). Where a plain download
 * fails, as from registries that want a log-in, `npm pack` does it, without progress.
 * @throws Error when neither works, or the tarball does not have the integrity the registry tells.
 */
export async function readPackage(spec: string, options: DownloadOptions, wanted: WantedFiles): Promise<void> {
  const view = await npm(
    ["view", spec, "dist.tarball", "dist.integrity", "--json", "--fetch-retries=0"],
    options.signal,
  );
  const dist = v.parse(Dist, JSON.parse(view));
  const url = await onRegistry(dist["dist.tarball"], options.signal);
  try {
    await readTarball(download(url, options), dist["dist.integrity"], wanted);
  } catch (error) {
    options.signal.throwIfAborted();
    await readPacked(spec, dist["dist.integrity"], options.signal, wanted).catch((second: unknown) => {
      throw new AggregateError([error, second], `${message(error)}; npm pack: ${message(second)}`);
    });
  }
}

/** Reads a gzipped tarball. @throws Error when it is damaged or its digest is not in `integrity` (as npm writes it). */
export async function readTarball(
  bytes: AsyncIterable<Uint8Array>,
  integrity: string,
  wanted: WantedFiles,
): Promise<void> {
  const [algorithm = "", expected] = integrity.split(/-(.*)/s);
  const hash = createHash(algorithm);
  const entries = tar.extract();
  const feed = pipeline(
    Readable.from(bytes),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createGunzip(),
    entries,
  );
  const consume = async () => {
    for await (const entry of entries) {
      const path = entry.header.name.replace(/^[^/]*\//, "");
      if (entry.header.type === "file" && wanted.paths.has(path)) await wanted.take(path, bytesOf(entry));
      else entry.resume();
    }
  };
  await Promise.all([feed, consume()]);
  if (hash.digest("base64") !== expected) throw new Error("The tarball does not have the registry's integrity.");
}

/** tar-stream's entries say nothing of what they consist of. */
async function* bytesOf(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
}

async function readPacked(spec: string, integrity: string, signal: AbortSignal, wanted: WantedFiles): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "edgertc-pack-"));
  try {
    const args = ["pack", spec, "--json", "--ignore-scripts", "--pack-destination", folder];
    const [packed] = v.parse(Packed, JSON.parse(await npm(args, signal, NPM_PACK_TIMEOUT_MS)));
    if (packed === undefined) throw new Error("npm pack made nothing");
    // Older npm tells a scoped package's name here, newer the file's.
    const name = packed.filename.replace(/^@/, "").replace("/", "-");
    await readTarball(createReadStream(join(folder, name)), integrity, wanted);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function onRegistry(tarball: string, signal: AbortSignal): Promise<string> {
  const url = new URL(tarball);
  if (url.host !== PUBLIC_HOST) return tarball;
  const registry = (await npm(["config", "get", "registry"], signal)).trim();
  return new URL(registry).host === PUBLIC_HOST ? tarball : new URL(url.pathname.slice(1), registry).href;
}

function npm(args: readonly string[], signal: AbortSignal, timeout = NPM_VIEW_TIMEOUT_MS): Promise<string> {
  // On Windows npm is a script, which only a shell starts; the arguments are the catalogue's.
  const shell = process.platform === "win32";
  return new Promise((resolve, reject) => {
    execFile("npm", [...args], { signal, timeout, shell }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`npm ${args[0]}: ${reason(error, stderr)}`, { cause: error }));
    });
  });
}

/** npm's own words, without its error codes; else the system's. */
function reason(error: ExecFileException, stderr: string): string {
  if (error.killed === true) return "took too long";
  const lines = stderr.split("\n").map((line) => /^npm (?:error|ERR!) (.*)/.exec(line)?.[1] ?? "");
  const telling = lines.find((line) => /\S/.test(line) && !/^(code|errno|syscall|type|path|network This) /.test(line));
  return (telling ?? error.message.split("\n")[0] ?? "failed").slice(0, 300);
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
