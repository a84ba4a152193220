/** What both packages are made with: copying files, and checking that nothing in them leads nowhere. */
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Copies files and folders of the repository to the same place in the package. */
export async function copy(folder: string, paths: readonly string[]): Promise<void> {
  for (const from of paths) {
    const to = path.join(folder, from);
    await mkdir(path.dirname(to), { recursive: true });
    await cp(path.join(ROOT, from), to, { recursive: true, dereference: true });
  }
}

export async function writeJson(file: string, content: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}

/** Specifiers that the compiler leaves alone: those of declarations, of `new URL`, and whatever a plain script has. */
const SPECIFIER = /((?:from |import\(|new URL\()")(\.{1,2}\/[^"]+)\.ts"/g;
/** Not those of tools that only a clone has. */
const RELATIVE = /(?:from |import |import\(|new URL\()"(\.{1,2}\/(?!\S*node_modules)[^"]+)"/g;

/**
 * Lets every relative specifier lead to what was compiled.
 * @throws Error for one that leads nowhere.
 */
export async function relink(folder: string): Promise<void> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.(?:js|mjs|d\.ts)$/.test(name));
  for (const name of names) {
    if (name.startsWith("ui/")) continue;
    const file = path.join(folder, name);
    const before = await readFile(file, "utf8");
    const text = before.replace(SPECIFIER, '$1$2.js"');
    if (text !== before) await writeFile(file, text);
    for (const [, specifier = ""] of text.matchAll(RELATIVE)) {
      const target = path.resolve(path.dirname(file), specifier);
      const declared = name.endsWith(".d.ts") && existsSync(target.replace(/\.js$/, ".d.ts"));
      if (!declared && !existsSync(target))
        throw new Error(`${name} of the package refers to ${specifier}, which is not in it.`);
    }
  }
}
