/** The documentation: what it shows as TypeScript is TypeScript that compiles, and its links lead somewhere. */
import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { withErrorTable } from "../script/error-table.ts";
import { anchors, type CodeBlock, codeBlocks, links, type Page, ROOT, readPages } from "./support/markdown.ts";

const run = promisify(execFile);

/** Which room a block is written for, told by what it imports, and the types there are in that room. */
const ROOMS = {
  react: {
    imports: /from "edgertc\/react"/,
    compilerOptions: { lib: ["ES2024", "DOM", "DOM.Iterable"], jsx: "react-jsx" },
  },
  browser: {
    imports: /from "edgertc\/client|^\/\/ page$/m,
    compilerOptions: { lib: ["ES2024", "DOM", "DOM.Iterable"] },
  },
  worker: { imports: /from "(edgertc\/worker|hono)/, compilerOptions: { types: ["@cloudflare/workers-types"] } },
  node: { imports: /./, compilerOptions: { types: ["node"], module: "NodeNext", moduleResolution: "NodeNext" } },
} as const;

it("shows TypeScript that compiles", async () => {
  const pages = await readPages();
  const blocks = pages.flatMap(codeBlocks).filter(({ language }) => language === "ts" || language === "tsx");
  expect(blocks.length).toBeGreaterThan(10);
  // Inside the project, so that `edgertc` and its packages resolve as they do for a stream file.
  await mkdir(path.join(ROOT, ".edgertc"), { recursive: true });
  const folder = await mkdtemp(path.join(ROOT, ".edgertc", "docs-"));
  try {
    const reports = await Promise.all(
      Object.keys(ROOMS).map((room) => compile(folder, room as keyof typeof ROOMS, blocks)),
    );
    expect(reports.join("")).toBe("");
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("shows Workers that can be deployed with wrangler.toml as it is: every object of its bindings is exported", async () => {
  const wrangler = await readFile(path.join(ROOT, "wrangler.toml"), "utf8");
  const objects = [...wrangler.matchAll(/^class_name = "(\w+)"$/gm)].map(([, name = ""]) => name);
  const workers = (await readPages()).flatMap(codeBlocks).filter(({ code }) => /^export default app;$/m.test(code));
  expect(workers.length).toBeGreaterThan(2);
  for (const { file, line, code } of workers) {
    const [, exported = ""] = /^export \{ (.*) \} from "edgertc\/worker";/m.exec(code) ?? [];
    expect(exported.split(", "), `${file}:${line}`).toEqual(expect.arrayContaining(objects));
  }
});

it("links to files and headings that exist", async () => {
  const pages = await readPages();
  const dead: string[] = [];
  for (const page of pages) {
    for (const link of links(page)) {
      if (/^[a-z]+:/.test(link)) continue;
      if (!(await leadsSomewhere(page, link, pages))) dead.push(`${page.file}: ${link}`);
    }
  }
  expect(dead).toEqual([]);
});

it("can be reached from the README: every page, over the index of docs/", async () => {
  const pages = await readPages();
  const reached = new Set<string>();
  const next = ["README.md"];
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    const page = pages.find((candidate) => candidate.file === file);
    if (page === undefined || reached.has(file)) continue;
    reached.add(file);
    next.push(...links(page).map((link) => targetOf(page, link).file));
  }
  const apart = pages.map(({ file }) => file).filter((file) => !reached.has(file) && !/decisions\/|test\//.test(file));
  expect(apart).toEqual([]);
});

it("explains every error in the catalogue's words; `node script/error-table.ts` writes them", async () => {
  const page = await readFile(path.join(ROOT, "docs/protocol.md"), "utf8");
  expect(page).toBe(withErrorTable(page));
});

/** @returns what the compiler has to say, with the pages' own lines. */
async function compile(folder: string, room: keyof typeof ROOMS, blocks: readonly CodeBlock[]): Promise<string> {
  const home = path.join(folder, room);
  await mkdir(home);
  const ours = blocks.filter((block) => roomOf(block) === room);
  await Promise.all(
    ours.map(({ file, line, language, before, code }) =>
      // Its lines keep their numbers.
      writeFile(
        path.join(home, `${file.replaceAll("/", "__")}.${line}.${language}`),
        `${"\n".repeat(line - 2)}${before}\n${code}`,
      ),
    ),
  );
  const config = {
    extends: path.join(ROOT, "tsconfig.base.json"),
    compilerOptions: { ...ROOMS[room].compilerOptions, noUnusedLocals: false, noUnusedParameters: false },
    include: ["."],
  };
  await writeFile(path.join(home, "tsconfig.json"), JSON.stringify(config));
  return await run(path.join(ROOT, "node_modules/.bin/tsc"), ["-p", home, "--pretty", "false"], { cwd: home }).then(
    () => "",
    (error: { stdout?: string }) => {
      // A compiler that could not even run has nothing to say.
      if (!error.stdout) throw error;
      return ownErrors(error.stdout);
    },
  );
}

/** Errors of the files that a snippet imports are told by the check of their own room. */
function ownErrors(report: string): string {
  return report.replace(/^\.\.\/.*\n(?:\s.*\n)*/gm, "").replaceAll("__", "/");
}

function roomOf({ before, code }: CodeBlock): keyof typeof ROOMS {
  if (ROOMS.react.imports.test(code)) return "react";
  if (ROOMS.browser.imports.test(`${before}\n${code}`)) return "browser";
  return ROOMS.worker.imports.test(`${before}\n${code}`) ? "worker" : "node";
}

interface Target {
  readonly file: string;
  readonly anchor: string;
}

function targetOf({ file }: Page, link: string): Target {
  const [to = "", anchor = ""] = link.split("#");
  const target = to === "" ? file : path.join(path.dirname(file), to);
  return { file: target.endsWith("/") ? path.join(target, "README.md") : target, anchor };
}

async function leadsSomewhere(page: Page, link: string, pages: readonly Page[]): Promise<boolean> {
  const { file, anchor } = targetOf(page, link);
  if (anchor === "") {
    const plain = link.endsWith("/") ? path.dirname(file) : file;
    return await access(path.join(ROOT, plain)).then(
      () => true,
      () => false,
    );
  }
  const target = pages.find((candidate) => candidate.file === file);
  return target !== undefined && anchors(target).has(anchor);
}
