/** Runs around all system tests: bundles the Worker once, where each stack would do it for itself in a second and a half. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { bundleEdge } from "../../media-node/local/edge.ts";

/** The environment variable with the folder, for the tests' processes. */
export const BUNDLES = "EDGERTC_TEST_BUNDLES";

export default async function bundleOnce(): Promise<(() => Promise<void>) | undefined> {
  // Another project of system tests has done it.
  if (process.env[BUNDLES] !== undefined) return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), "edgertc-bundles-"));
  await bundleEdge(folder);
  process.env[BUNDLES] = folder;
  return async () => {
    delete process.env[BUNDLES];
    await rm(folder, { recursive: true, force: true });
  };
}
