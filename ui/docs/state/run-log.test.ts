import { expect, it } from "vitest";
import { type LogLine, MAX_LINE_CHARS, MAX_LINES, withLine } from "./run-log.ts";

it("keeps the newest lines, and the beginning of long ones", () => {
  let lines: readonly LogLine[] = [];
  for (let i = 1; i <= MAX_LINES + 3; i++) lines = withLine(lines, "message", `line ${i}`);
  expect([lines.length, lines[0], lines.at(-1)?.id]).toEqual([
    MAX_LINES,
    { id: 4, kind: "message", text: "line 4" },
    MAX_LINES + 3,
  ]);
  const { text = "" } = withLine(lines, "message", "x".repeat(500_000)).at(-1) ?? {};
  expect(text).toBe(`${"x".repeat(MAX_LINE_CHARS)} … (500000 characters)`);
});
