/** Compiles rooms for the packages: from their entries, with whatever these import, to where the sources stand. */
import { execFile } from "node:child_process";
import { glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./stage.ts";

const run = promisify(execFile);
const TSC = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

export interface Compilation {
  /** Whose tsconfig counts. */
  readonly room: string;
  /** From the repository's root. */
  readonly entries: readonly string[];
  readonly outDir: string;
  /** Folder that stands for the package's root. Default: the repository. */
  readonly rootDir?: string;
}

export async function compile({ room, entries, outDir, rootDir = ROOT }: Compilation): Promise<void> {
  // In the repository: the compiler looks for types from where its configuration is.
  const config = path.join(ROOT, ".edgertc", `package-${room}-${process.pid}.json`);
  const at = (file: string): string => path.join(ROOT, file);
  await mkdir(path.dirname(config), { recursive: true });
  await writeFile(
    config,
    JSON.stringify({
      extends: at(`${room}/tsconfig.json`),
      // `npm run package` has checked types before.
      compilerOptions: {
        noEmit: false,
        noCheck: true,
        declaration: true,
        rewriteRelativeImportExtensions: true,
        rootDir,
        outDir,
      },
      files: entries.map(at),
      include: [at(`${room}/**/*.d.ts`)],
      exclude: [],
    }),
  );
  try {
    await run(process.execPath, [TSC, "-p", config], { cwd: ROOT });
  } finally {
    await rm(config);
  }
}

const STARTED = /new URL\("(\.{1,2}\/[^"]+\.ts)", import\.meta\.url\)/g;

/** Files of a room that are started by their address, as processes and threads: nothing imports them. */
export async function startedFiles(room: string): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(`${room}/**/*.ts`, { cwd: ROOT, exclude: ["**/*.test.ts", "**/*.d.ts"] })) {
    const text = await readFile(path.join(ROOT, file), "utf8");
    for (const [, specifier = ""] of text.matchAll(STARTED)) files.push(path.join(path.dirname(file), specifier));
  }
  return [...new Set(files)];
}
