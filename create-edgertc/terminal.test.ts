import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { openTerminal } from "./terminal.ts";

it("gives up a question when the terminal is closed instead of an answer", async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const terminal = openTerminal(input, output);
  const first = terminal.question("Folder: ");
  input.write("app\n");
  expect(await first).toBe("app");
  const second = terminal.question("Template: ");
  input.end();
  await expect(second).rejects.toThrow("Nothing was made.");
  await expect(terminal.question("Again: ")).rejects.toThrow("Nothing was made.");
});
