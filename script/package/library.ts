/** The package `edgertc`: the rooms as JavaScript, in the places where they stand in the repository. */
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { compile, copy, ROOT, relink, writeJson } from "./stage.ts";

/** Each room has types of its own; what of `shared/` it uses comes along. */
const ROOMS = ["media-node", "worker", "client"];

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
];

export async function stageLibrary(folder: string): Promise<void> {
  if (!existsSync(path.join(ROOT, "ui/dist/index.html"))) throw new Error("The page is not built: npm run build:ui.");
  // One after the other: what they share is written by each.
  for (const room of ROOMS) await compile(room, folder);
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

/** @throws Error for an entry that was not compiled: it is missing in its room's list beside this file. */
async function exportsOf(folder: string): Promise<object> {
  const { exports } = await sourceManifest();
  return Object.fromEntries(
    Object.entries(exports ?? {}).map(([name, source]) => {
      const module = String(source).replace(/\.tsx?$/, "");
      for (const file of [`${module}.d.ts`, `${module}.js`]) {
        if (!existsSync(path.join(folder, file))) throw new Error(`The package has no ${file}, which it exports.`);
      }
      return [name, { types: `${module}.d.ts`, default: `${module}.js` }];
    }),
  );
}

async function sourceManifest(): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
}
