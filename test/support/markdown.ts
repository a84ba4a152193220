/** What tests need to know of the project's Markdown: its files, their code blocks, links and headings. */
import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Page {
  /** From the project's root. */
  readonly file: string;
  readonly text: string;
}

export interface CodeBlock {
  readonly file: string;
  /** The line that its code begins at. */
  readonly line: number;
  readonly language: string;
  readonly before: string;
  readonly code: string;
}

/** Every Markdown file that people read. */
export async function readPages(): Promise<Page[]> {
  const files: string[] = [];
  for (const pattern of ["*.md", "docs/**/*.md", "examples/**/*.md", "bench/**/*.md", "deploy/**/*.md"]) {
    for await (const file of glob(pattern, { cwd: ROOT })) files.push(file);
  }
  return await Promise.all(
    files.sort().map(async (file) => ({ file, text: await readFile(path.join(ROOT, file), "utf8") })),
  );
}

/** With what a `<!-- before: ... -->` above a block says it needs, and a reader does not: imports, names from elsewhere. */
export function codeBlocks({ file, text }: Page): CodeBlock[] {
  const blocks = text.matchAll(/(?:^<!-- before: ([^\n]*) -->\n\n?)?^(```(\w+)[^\n]*\n)(.*?)^```$/gms);
  return [...blocks].map(({ 0: whole, 1: before = "", 2: fence = "", 3: language = "", 4: code = "", index }) => ({
    file,
    line: text.slice(0, index + whole.indexOf(fence)).split("\n").length + 1,
    language,
    before,
    code,
  }));
}

/** Where links and images lead, code left out. */
export function links({ text }: Page): string[] {
  const prose = withoutCode(text);
  const inMarkdown = [...prose.matchAll(/\]\(([^()\s]+)\)/g)];
  const inHtml = [...prose.matchAll(/\b(?:href|src)="([^"]+)"/g)];
  return [...inMarkdown, ...inHtml].map((match) => match[1] ?? "");
}

/** What `#` links of a page can name, as GitHub makes them out of its headings. */
export function anchors({ text }: Page): Set<string> {
  const seen = new Map<string, number>();
  const slugs = [...withoutFences(text).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, heading = ""]) => {
    const slug = slugOf(heading);
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  return new Set(slugs);
}

function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

function withoutFences(text: string): string {
  return text.replace(/^```.*?^```$/gms, "");
}

function withoutCode(text: string): string {
  return withoutFences(text).replace(/`[^`\n]*`/g, "");
}
