/**
 * Bundles the Worker for local runs, with wrangler's own bundler, once: the result is kept beside the edge's state and
 * made again only when a source changes.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
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
  /** Folders whose files make the bundle. */
  readonly sources: readonly string[];
  /** Where bundles are kept, one folder each. */
  readonly cacheDir: string;
}

/** @returns the path of the bundled module. */
export async function bundleWorker(options: BundleOptions): Promise<string> {
  const { cacheDir } = options;
  const key = await fingerprint(options);
  const folder = path.join(cacheDir, key);
  const file = path.join(folder, "index.js");
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

async function fingerprint({ main, compatibilityDate, sources }: BundleOptions): Promise<string> {
  const hash = createHash("sha256").update(`${EDGERTC_VERSION} ${main} ${compatibilityDate}`);
  for (const folder of sources) {
    const names = await readdir(folder, { recursive: true });
    for (const name of names.filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts")).sort()) {
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
