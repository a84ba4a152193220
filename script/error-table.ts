/** Writes the table of errors in docs/protocol.md anew, from the catalogue: `node script/error-table.ts`. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ERRORS } from "../shared/errors.ts";

const PAGE = fileURLToPath(new URL("../docs/protocol.md", import.meta.url));
const ROWS = /(^\| `[a-z_]+` \| \d{3} \|.*\n)+/m;

/** The page with a table of all errors there are, in the catalogue's order. */
export function withErrorTable(page: string): string {
  const rows = Object.entries(ERRORS).map(([code, { status, retryable, what, why, fix }]) => {
    const sentence = what.endsWith(".") ? what : `${what}.`;
    return `| \`${code}\` | ${status} | ${retryable ? "yes" : "no"} | ${sentence} ${why} | ${fix} |\n`;
  });
  return page.replace(ROWS, () => rows.join(""));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(PAGE, withErrorTable(await readFile(PAGE, "utf8")));
}
