/** What axe-core finds wrong with a page as it is, for people who see, hear or move otherwise. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import * as v from "valibot";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const Result = v.object({
  violations: v.array(
    v.object({
      id: v.string(),
      impact: v.nullable(v.string()),
      nodes: v.array(v.object({ html: v.string(), failureSummary: v.optional(v.string()) })),
    }),
  ),
});

/** @returns rules of WCAG 2.2 A and AA, and axe's best practices, that are broken seriously, with the elements that do. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(AXE, "utf8"));
  const found: unknown = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  return v
    .parse(Result, found)
    .violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ""}`).join(" | ")}`,
    );
}
