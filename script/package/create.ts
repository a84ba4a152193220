/** The package `create-edgertc`, for `npm create edgertc`: a command without dependencies, and its templates. */
import { chmod, cp } from "node:fs/promises";
import path from "node:path";
import { EDGERTC_VERSION, NODE_VERSIONS } from "../../create-edgertc/release.ts";
import { compile } from "./compile.ts";
import { ROOT, relink, writeJson } from "./stage.ts";

export async function stageCreate(folder: string): Promise<void> {
  const room = "create-edgertc";
  await compile({ room, entries: [`${room}/main.ts`], outDir: folder, rootDir: path.join(ROOT, room) });
  await chmod(path.join(folder, "main.js"), 0o755);
  // wrangler.toml among them is EdgeRTC's own, as a link.
  const templates = path.join(ROOT, "create-edgertc/templates");
  await cp(templates, path.join(folder, "templates"), { recursive: true, dereference: true });
  await relink(folder);
  await cp(path.join(ROOT, "LICENSE"), path.join(folder, "LICENSE"));
  await writeJson(path.join(folder, "package.json"), {
    name: "create-edgertc",
    version: EDGERTC_VERSION,
    description: "Makes a new EdgeRTC project: streams, tests, the edge and a media node.",
    license: "MIT",
    type: "module",
    engines: { node: NODE_VERSIONS },
    bin: { "create-edgertc": "main.js" },
  });
}
