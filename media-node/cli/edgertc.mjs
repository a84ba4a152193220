#!/usr/bin/env node
/** Starts the command line on a Node that can run it: this one, or the one that script/bootstrap brought. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const newEnough = major > 22 || (major === 22 && minor >= 18);
const main = fileURLToPath(new URL("./main.ts", import.meta.url));
const brought = fileURLToPath(new URL("../../.tools/node_modules/.bin/node", import.meta.url));

if (newEnough) {
  await import("./main.ts");
} else if (existsSync(brought)) {
  const { status, signal } = spawnSync(brought, [main, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exitCode = status ?? (signal === null ? 1 : 130);
} else {
  console.error(
    `\n  EdgeRTC needs Node 22.18 or newer; this is ${process.version}. In a clone, script/bootstrap brings one.\n`,
  );
  process.exitCode = 1;
}
