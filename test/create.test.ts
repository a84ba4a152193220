/** `npm create edgertc`, from the tarballs that npm would serve: the project passes its own tests and answers a call. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clip, concat, levelDb, silence } from "./support/audio.ts";
import { Caller } from "./support/caller.ts";
import { ROOT } from "./support/markdown.ts";
import { until } from "./support/stack.ts";

const run = promisify(execFile);

let folder: string;
let project: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "edgertc-create-"));
  project = path.join(folder, "hello");
  const packaging = await run(process.execPath, ["script/package/main.ts", "--out", folder], { cwd: ROOT });
  const [edgertc = "", create = ""] = packaging.stdout.trim().split("\n");
  await unpack(create, folder, "create-edgertc-installed");
  await run(
    process.execPath,
    ["create-edgertc-installed/main.js", "hello", "--template", "echo", "--edgertc", edgertc],
    {
      cwd: folder,
    },
  );
  await install(edgertc);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** As `npm install` would, but for the download: EdgeRTC from the tarball, what it needs from this repository. */
async function install(edgertc: string): Promise<void> {
  const modules = path.join(project, "node_modules");
  const bin = path.join(modules, ".bin");
  await mkdir(bin, { recursive: true });
  for (const name of await readdir(path.join(ROOT, "node_modules"))) {
    if (name.startsWith(".")) continue;
    await symlink(path.join(ROOT, "node_modules", name), path.join(modules, name));
  }
  await unpack(edgertc, modules, "edgertc");
  await symlink("../edgertc/media-node/cli/edgertc.mjs", path.join(bin, "edgertc"));
  for (const name of ["tsc", "wrangler"])
    await symlink(path.join(ROOT, "node_modules/.bin", name), path.join(bin, name));
}

async function unpack(tarball: string, into: string, name: string): Promise<void> {
  await run("tar", ["xzf", tarball, "-C", into]);
  await rename(path.join(into, "package"), path.join(into, name));
}

describe("a project made by npm create edgertc", () => {
  it("passes its own tests and its type check, and its Worker can be deployed", async () => {
    const npm = (...args: string[]) => run("npm", args, { cwd: project, env: { ...process.env, CI: "1" } });
    expect((await npm("test")).stdout).toMatch(/pass 2/);
    await npm("run", "check");
    const deploy = await npm("run", "deploy", "--", "--dry-run", "--outdir", path.join(folder, "worker"));
    expect(deploy.stdout).toContain("env.MEDIA_NODE (MediaNode)");
  });

  it("answers a call, and serves the page", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const options = ["--worker", "worker.ts", "--port", String(port), "--shards", "1"];
    const dev = spawn("node_modules/.bin/edgertc", ["dev", "streams.ts", ...options], {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    for (const stream of [dev.stdout, dev.stderr]) stream.on("data", (chunk) => (log += String(chunk)));
    try {
      await until(() => log.includes("EdgeRTC is running") || dev.exitCode !== null, 60_000);
      expect(log).toContain("EdgeRTC is running");
      expect(await (await fetch(url)).text()).toContain("<title>EdgeRTC</title>");
      const caller = await new Caller({ url }).connect();
      await caller.say(concat(silence(300), (await clip("goforward.wav")).subarray(0, 48 * 1_500), silence(2_500)));
      expect(levelDb(caller.recording())).toBeGreaterThan(-45);
      await caller.hangUp();
    } finally {
      await ended(dev);
    }
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exit;
}
