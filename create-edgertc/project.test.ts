import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageNameOf } from "./manifest.ts";
import { createProject } from "./project.ts";
import { DEVELOPED_WITH, EDGERTC_VERSION, NODE_VERSIONS } from "./release.ts";
import { isTemplate, TEMPLATES, type Template } from "./templates.ts";

const run = promisify(execFile);
const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const templates = Object.keys(TEMPLATES).filter(isTemplate);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "edgertc-create-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const create = (name: string, template: Template, edgertc?: string) =>
  createProject({ folder: path.join(folder, name), name: undefined, template, edgertc });
const read = (project: string, file: string): Promise<string> => readFile(path.join(folder, project, file), "utf8");

describe.each(templates)("the template %s", (template) => {
  it("becomes a project without a hole left in it", async () => {
    await create(`new-${template}`, template);
    const files = await readdir(path.join(folder, `new-${template}`));
    expect(files).toEqual(
      expect.arrayContaining([".gitignore", ".npmrc", "Dockerfile", "streams.ts", "wrangler.toml"]),
    );
    expect(files.some((file) => file.endsWith(".test.ts"))).toBe(true);
    for (const file of files) expect(await read(`new-${template}`, file), file).not.toMatch(/\{\{|^COPY\s*$/m);
    const manifest = JSON.parse(await read(`new-${template}`, "package.json"));
    expect(manifest).toMatchObject({ name: `new-${template}`, dependencies: { edgertc: EDGERTC_VERSION } });
    const [, streams = "", worker = ""] = /^edgertc dev (\S+) --worker (\S+)$/.exec(manifest.scripts.dev) ?? [];
    expect(files).toEqual(expect.arrayContaining([streams, worker]));
    const wrangler = await read(`new-${template}`, "wrangler.toml");
    expect(wrangler).toContain(`name = "new-${template}"\nmain = "worker.ts"\n`);
    expect(wrangler).toContain('directory = "./node_modules/edgertc/ui/dist"');
    expect(wrangler).not.toMatch(/[^/]docs\//);
  });

  it("passes its own tests", async () => {
    const { stdout } = await run(process.execPath, ["--test"], { cwd: at(`./templates/${template}`) });
    expect(stdout).toMatch(/fail 0/);
    expect(stdout).not.toMatch(/pass 0/);
  });
});

describe("a new project", () => {
  it("takes EdgeRTC from a tarball, which it keeps, or from a clone", async () => {
    const tarball = path.join(folder, "edgertc-9.tgz");
    await writeFile(tarball, "its bytes");
    await create("packed", "echo", tarball);
    expect(await read("packed", "vendor/edgertc-9.tgz")).toBe("its bytes");
    expect(await read("packed", "Dockerfile")).toContain("\nCOPY vendor vendor\n");
    expect(JSON.parse(await read("packed", "package.json")).dependencies.edgertc).toBe("file:vendor/edgertc-9.tgz");
    await create("linked", "echo", folder);
    expect(JSON.parse(await read("linked", "package.json")).dependencies.edgertc).toBe(`file:${folder}`);
    await expect(create("nowhere", "echo", "./no-such-file.tgz")).rejects.toThrow("There is no EdgeRTC at");
  });

  it("leaves a folder alone that has something in it, but not a fresh repository", async () => {
    await mkdir(path.join(folder, "full"));
    await writeFile(path.join(folder, "full/notes.txt"), "mine");
    await expect(create("full", "echo")).rejects.toThrow("is not empty");
    expect(await readdir(path.join(folder, "full"))).toEqual(["notes.txt"]);
    await mkdir(path.join(folder, "fresh/.git"), { recursive: true });
    await create("fresh", "echo");
    expect(await readdir(path.join(folder, "fresh"))).toContain("streams.ts");
  });

  it("is named so that npm and Cloudflare take it", async () => {
    await createProject({
      folder: path.join(folder, "x"),
      name: "My Voice_App!",
      template: "echo",
      edgertc: undefined,
    });
    expect(JSON.parse(await read("x", "package.json")).name).toBe("my-voice-app");
    expect(packageNameOf(`-${"a".repeat(53)} long`)).toBe("a".repeat(53));
    const nameless = { folder: path.join(folder, "y"), name: "…", template: "echo", edgertc: undefined } as const;
    await expect(createProject(nameless)).rejects.toThrow("--name");
  });

  it("is developed with what EdgeRTC is developed with", async () => {
    const own = JSON.parse(await readFile(at("../package.json"), "utf8"));
    expect(own.version).toBe(EDGERTC_VERSION);
    expect(own.engines.node).toBe(NODE_VERSIONS);
    for (const [name, version] of Object.entries(DEVELOPED_WITH)) {
      expect({ ...own.dependencies, ...own.devDependencies }[name], name).toBe(version);
    }
  });
});
