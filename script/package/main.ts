/**
 * `npm run package`: makes the packages for npm, `edgertc` and `create-edgertc`, as tarballs in dist/. Node strips no types
 * inside node_modules, so what is installed is JavaScript with declarations; in the repository nothing is built.
 */
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { stageCreate } from "./create.ts";
import { stageLibrary } from "./library.ts";
import { ROOT } from "./stage.ts";

const run = promisify(execFile);

const { values } = parseArgs({ options: { out: { type: "string", default: "dist" } } });
const out = path.resolve(ROOT, values.out);
const folders = { edgertc: path.join(out, "edgertc"), create: path.join(out, "create-edgertc") };
for (const folder of Object.values(folders)) await rm(folder, { recursive: true, force: true });
await Promise.all([stageLibrary(folders.edgertc), stageCreate(folders.create)]);
for (const folder of Object.values(folders)) {
  const { stdout } = await run("npm", ["pack", folder, "--pack-destination", out, "--loglevel=error"], { cwd: ROOT });
  console.log(path.join(out, stdout.trim()));
}
