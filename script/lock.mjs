#!/usr/bin/env node
/**
 * Writes package-lock.json anew after a change of package.json, complete for every platform: a registry mirror may lack
 * the binaries of other systems, npm then leaves them out, and `npm ci` refuses the file. They are entered by name and
 * version; npm fetches them where they are needed.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

execFileSync("npm", ["install", "--package-lock-only", "--ignore-scripts", "--loglevel=error"], { stdio: "inherit" });

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
for (const [from, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (lock.packages[path] !== undefined || lock.packages[`${from}/${path}`] !== undefined) continue;
    const [, os, cpu] = /(android|darwin|linux|win32|windows|freebsd)[^a-z0-9]?([a-z0-9]+)?/.exec(name) ?? [];
    lock.packages[path] = {
      version,
      ...(entry.dev === true ? { dev: true } : {}),
      optional: true,
      ...(os === undefined ? {} : { os: [os === "windows" ? "win32" : os] }),
      ...(cpu === undefined ? {} : { cpu: [cpu === "64" ? "x64" : cpu] }),
    };
    console.log(`added ${name}@${version}`);
  }
}
const sorted = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
writeFileSync("package-lock.json", `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
