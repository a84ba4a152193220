/**
 * Bundles a Worker for local runs, with wrangler's own bundler. Ours is bundled once: the result is kept beside the edge's
 * state and made again only when a source changes.
 */
import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { EDGERTC_VERSION } from "../../shared/version.ts";

const run = promisify(execFile);

/** A bundle takes about two seconds; far past that something hangs. */
const BUNDLE_TIMEOUT_MS = 60_000;

export interface BundleOptions {
  /** The Worker's entry. */
  readonly main: string;
  readonly compatibilityDate: string;
  /** Folders whose files make the bundle; null is unknown: it is made anew each time. */
  readonly sources: readonly string[] | null;
  /** Where bundles are kept, one folder each. */
  readonly cacheDir: string;
}

export interface BundledModule {
  readonly type: "esm" | "text" | "wasm" | "data";
  readonly contents: string | Uint8Array<ArrayBuffer>;
}

export interface Bundle {
  /** Name of the entry among the modules. */
  readonly main: string;
  readonly modules: Readonly<Record<string, BundledModule>>;
}

export async function bundleWorker(options: BundleOptions): Promise<Bundle> {
  return await readBundle(await bundleInto(options));
}

/** @returns the path of the bundled entry. */
async function bundleInto(options: BundleOptions): Promise<string> {
  const { cacheDir, main, sources } = options;
  const key = sources === null ? randomUUID() : await fingerprint(options, sources);
  const folder = path.join(cacheDir, key);
  const file = path.join(folder, `${path.parse(main).name}.js`);
  if (existsSync(file)) return file;
  const work = path.join(cacheDir, `${key}.${process.pid}`);
  await mkdir(work, { recursive: true });
  try {
    await runWrangler(options, work);
    await dropOldBundles(cacheDir, path.basename(work));
    // In place in one step: two edges may start at once on the same folder.
    await rename(work, folder);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    if (!existsSync(file)) throw error;
  }
  return file;
}

/** Modules that are not code stand beside the bundle, by the rules that wrangler has without configuration. */
const MODULE_TYPES: Readonly<Record<string, BundledModule["type"]>> = {
  ".html": "text",
  ".txt": "text",
  ".sql": "text",
  ".wasm": "wasm",
  ".bin": "data",
};

async function readBundle(entry: string): Promise<Bundle> {
  const main = path.basename(entry);
  const modules: Record<string, BundledModule> = { [main]: { type: "esm", contents: await readFile(entry, "utf8") } };
  for (const name of await readdir(path.dirname(entry))) {
    const type = MODULE_TYPES[path.extname(name)];
    if (type === undefined) continue;
    const file = path.join(path.dirname(entry), name);
    modules[name] = {
      type,
      contents: type === "text" ? await readFile(file, "utf8") : Uint8Array.from(await readFile(file)),
    };
  }
  return { main, modules };
}

/** Bundling needs the entry only: bindings, assets and the rest of the configuration are Miniflare's. */
async function runWrangler({ main, compatibilityDate }: BundleOptions, outDir: string): Promise<void> {
  const config = path.join(outDir, "wrangler.json");
  await writeFile(config, JSON.stringify({ name: "edgertc", main, compatibility_date: compatibilityDate }));
  const wrangler = path.join(
    path.dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
    "bin/wrangler.js",
  );
  await run(process.execPath, [wrangler, "deploy", "--dry-run", "--config", config, "--outdir", outDir], {
    timeout: BUNDLE_TIMEOUT_MS,
    // Without its banner it asks no registry for a newer version.
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", CI: "1" },
  });
}

/** TypeScript in the repository, JavaScript in the installed package. */
const SOURCE = /(?<!\.test|\.d)\.[jt]s$/;

async function fingerprint({ main, compatibilityDate }: BundleOptions, sources: readonly string[]): Promise<string> {
  const hash = createHash("sha256").update(`${EDGERTC_VERSION} ${main} ${compatibilityDate}`);
  for (const folder of sources) {
    const names = await readdir(folder, { recursive: true });
    for (const name of names.filter((file) => SOURCE.test(file)).sort()) {
      hash.update(name).update(await readFile(path.join(folder, name)));
    }
  }
  return hash.digest("hex").slice(0, 32);
}

async function dropOldBundles(cacheDir: string, keep: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (name !== keep && !name.includes(".")) await rm(path.join(cacheDir, name), { recursive: true, force: true });
  }
}
