/** Writes a new project: a template's files, and a package.json that depends on EdgeRTC. */
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Dependency, manifestOf, packageNameOf } from "./manifest.ts";
import type { Answers } from "./questions.ts";
import { EDGERTC_VERSION } from "./release.ts";
import { TEMPLATES } from "./templates.ts";

const FILES = fileURLToPath(new URL("./templates/", import.meta.url));

/** Where a tarball of EdgeRTC goes: in the project, so that its container image and colleagues have it, too. */
const VENDOR = "vendor";

/** Files whose names npm would not keep in a package. */
const DOTTED = [".dockerignore", ".gitignore", ".npmrc"];

/** Files that know the project's name. */
const FILLED_IN = ["README.md", "Dockerfile", "wrangler.toml"];

/** Files that may be in a folder which still counts as empty. */
const HARMLESS: readonly string[] = [".git", ".DS_Store"];

export interface Project {
  /** As an absolute path. */
  readonly folder: string;
  readonly name: string;
}

/** @throws Error where the folder has files already, or `edgertc` is neither a version nor there. */
export async function createProject(answers: Answers): Promise<Project> {
  const folder = path.resolve(answers.folder);
  const present = existsSync(folder) ? await readdir(folder) : [];
  if (present.some((file) => !HARMLESS.includes(file))) throw new Error(`${folder} is not empty.`);
  const name = packageNameOf(answers.name ?? path.basename(folder));
  await mkdir(folder, { recursive: true });
  const edgertc = await dependencyOn(answers.edgertc, folder);
  for (const from of ["common", answers.template]) {
    await cp(path.join(FILES, from), folder, { recursive: true, dereference: true });
  }
  for (const file of DOTTED) await rename(path.join(folder, file.replace(".", "_")), path.join(folder, file));
  const { about, tryIt } = TEMPLATES[answers.template];
  const vendor = edgertc.kind === "tarball" ? `COPY ${VENDOR} ${VENDOR}\n` : "";
  for (const file of FILLED_IN) await fillIn(path.join(folder, file), { name, about, tryIt, vendor });
  const manifest = manifestOf({ name, template: answers.template, edgertc });
  await writeFile(path.join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  return { folder, name };
}

async function dependencyOn(where: string | undefined, project: string): Promise<Dependency> {
  if (where === undefined) return { kind: "version", version: EDGERTC_VERSION };
  if (/^[\^~]?\d+\.\d+\.\d+[\w.+-]*$/.test(where)) return { kind: "version", version: where };
  const from = path.resolve(where);
  if (!existsSync(from)) throw new Error(`There is no EdgeRTC at ${from}: a version, a clone's folder, or a tarball.`);
  if ((await stat(from)).isDirectory()) return { kind: "folder", path: from };
  const tarball = path.posix.join(VENDOR, path.basename(from));
  await mkdir(path.join(project, VENDOR), { recursive: true });
  await cp(from, path.join(project, tarball));
  return { kind: "tarball", path: tarball };
}

async function fillIn(file: string, values: Readonly<Record<string, string>>): Promise<void> {
  const text = await readFile(file, "utf8");
  await writeFile(file, path.basename(file) === "wrangler.toml" ? ownConfig(text, values["name"] ?? "") : filled(text));

  function filled(template: string): string {
    return template.replace(/\{\{(\w+)\}\}\n?/g, (hole, key: string) => {
      const value = values[key];
      if (value === undefined) throw new Error(`${file} asks for ${hole}, which there is not.`);
      return hole.endsWith("\n") && !value.endsWith("\n") && value !== "" ? `${value}\n` : value;
    });
  }
}

/** EdgeRTC's own wrangler.toml, led to what the project has installed. */
function ownConfig(toml: string, name: string): string {
  return toml
    .replace(/^name = .*$/m, `name = "${name}"`)
    .replace(/^main = .*$/m, 'main = "worker.ts"')
    .replace('directory = "./ui/dist"', 'directory = "./node_modules/edgertc/ui/dist"')
    .replace(/`npm start` runs the same locally/, "`npm run dev` runs the same locally")
    .replaceAll("docs/", "node_modules/edgertc/docs/");
}
