/** docs/security.md names a test for each threat: it has to be there. */
import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const ROW = /^\| (?<threat>[^|]+) \| [^|]+ \| `(?<file>[^`]+)`: (?<title>.+) \|$/;

it("names a test that exists for every threat", async () => {
  const page = await readFile("docs/security.md", "utf8");
  const [, table = ""] = page.split("## Threats");
  const rows = table.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| threat |"));
  expect(rows.length).toBeGreaterThan(30);
  const missing: string[] = [];
  for (const row of rows) {
    const { file = "", title = "" } = ROW.exec(row)?.groups ?? {};
    const source = await readFile(file, "utf8").catch(() => "");
    // The beginning of a title is enough.
    if (title === "" || !source.includes(`"${title}`)) missing.push(row);
  }
  expect(missing).toEqual([]);
});
