/** The package `edgertc`: the rooms as JavaScript, in the places where they stand in the repository. */
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { compile, startedFiles } from "./compile.ts";
import { copy, ROOT, relink, writeJson } from "./stage.ts";

/** Each room has types of its own; what of `shared/` it uses comes along. */
const ROOMS = ["shared", "media-node", "worker", "client"];

/** What nothing exports: the command line, which edgertc.mjs starts. */
const COMMAND = "media-node/cli/main.ts";

const FILES = [
  "LICENSE",
  "README.md",
  "docs",
  "ui/dist",
  "media-node/cli/edgertc.mjs",
  "media-node/video/codec/vp8/LICENSE",
  "media-node/video/codec/vp8/vp8.wasm",
];

/** Fields of package.json that are the installed package's, too. */
const FIELDS = [
  "name",
  "version",
  "description",
  "license",
  "type",
  "engines",
  "bin",
  "dependencies",
  "optionalDependencies",
  "peerDependencies",
  "peerDependenciesMeta",
];

export async function stageLibrary(folder: string): Promise<void> {
  if (!existsSync(path.join(ROOT, "ui/dist/index.html"))) throw new Error("The page is not built: npm run build:ui.");
  const entries = [...Object.values(await sourceExports()), COMMAND];
  // One after the other: what they share is written by each.
  for (const room of ROOMS) {
    const own = entries.filter((entry) => entry.startsWith(`${room}/`));
    await compile({ room, entries: [...own, ...(await startedFiles(room))], outDir: folder });
  }
  await copy(folder, FILES);
  await chmod(path.join(folder, "media-node/cli/edgertc.mjs"), 0o755);
  await relink(folder);
  const exports = await exportsOf(folder);
  await writeJson(path.join(folder, "package.json"), { ...(await manifest()), exports });
  const wrangler = await readFile(path.join(ROOT, "wrangler.toml"), "utf8");
  await writeFile(path.join(folder, "wrangler.toml"), wrangler.replace(/^(main = ".*)\.ts"$/m, '$1.js"'));
}

async function manifest(): Promise<Readonly<Record<string, unknown>>> {
  const own = await sourceManifest();
  return Object.fromEntries(FIELDS.map((field) => [field, own[field]]));
}

/** @throws Error for an entry that no room has. */
async function exportsOf(folder: string): Promise<object> {
  return Object.fromEntries(
    Object.entries(await sourceExports()).map(([name, source]) => {
      const module = `./${source.replace(/\.tsx?$/, "")}`;
      for (const file of [`${module}.d.ts`, `${module}.js`]) {
        if (!existsSync(path.join(folder, file))) throw new Error(`The package has no ${file}, which it exports.`);
      }
      return [name, { types: `${module}.d.ts`, default: `${module}.js` }];
    }),
  );
}

/** From the repository's root, by name. */
async function sourceExports(): Promise<Readonly<Record<string, string>>> {
  const { exports } = await sourceManifest();
  return Object.fromEntries(
    Object.entries(exports ?? {}).map(([name, source]) => [name, path.normalize(String(source))]),
  );
}

async function sourceManifest(): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
}
