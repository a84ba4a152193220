import path from "node:path";
import { expect, it } from "vitest";
import { nextSteps } from "./steps.ts";

it("leads into the folder as a shell takes it, and nowhere where one is there already", () => {
  expect(nextSteps({ folder: path.resolve("app"), name: "app" }, "echo")).toContain("    cd app\n");
  expect(nextSteps({ folder: path.resolve("My App"), name: "my-app" }, "echo")).toContain('    cd "My App"\n');
  expect(nextSteps({ folder: process.cwd(), name: "here" }, "echo")).not.toContain("cd ");
});
