/** Findings as people read them on a terminal. */
import { styleText } from "node:util";
import type { Finding } from "./finding.ts";

const MARKS = {
  ok: ["green", "✓"],
  skipped: ["gray", "–"],
  warning: ["yellow", "!"],
  failure: ["red", "✗"],
} as const;

/** Room for the longest name of a check. */
const NAME_CHARS = 8;

export function lineOf(finding: Finding): string {
  const [colour, mark] = MARKS[finding.level];
  const first = `  ${styleText(colour, mark)} ${finding.check.padEnd(NAME_CHARS)} ${finding.what}`;
  if (!("why" in finding)) return first;
  const indent = " ".repeat(NAME_CHARS + 5);
  return `${first}\n${indent}Why: ${finding.why}\n${indent}Fix: ${finding.fix}`;
}

export function summaryOf(findings: readonly Finding[]): string {
  const count = (level: Finding["level"]) => findings.filter((finding) => finding.level === level).length;
  const failures = count("failure");
  const warnings = count("warning");
  if (failures + warnings === 0) return "  Nothing stands in the way of calls.";
  const parts = [failures > 0 ? counted(failures, "problem") : "", warnings > 0 ? counted(warnings, "warning") : ""];
  return `  ${parts.filter((part) => part !== "").join(", ")}.`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
