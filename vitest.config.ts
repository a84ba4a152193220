import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** A test that hangs is ended; a slow machine is no reason to fail one. */
const SLOW_MACHINE_MS = 60_000;

/**
 * Three kinds of tests:
 * - `unit`: beside the files they test, in Node.
 * - `edge`: the Worker and its objects, inside workerd.
 * - `system`: what crosses rooms, with real parts, one file after the other.
 */
export default defineConfig({
  test: {
    reporters: ["default", "./test/support/plain-count-reporter.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["{shared,media-node,client,ui,examples,bench}/**/*.test.ts", "worker/ledger/**/*.test.ts"],
          testTimeout: SLOW_MACHINE_MS,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              // As if wrangler.toml had the binding: the points go nowhere.
              analyticsEngineDatasets: { ANALYTICS: { dataset: "edgertc" } },
              bindings: {
                EDGERTC_NODE_SECRET: "test-secret",
                // Steps of the objects' property test; 10000 takes a minute.
                ...(process.env["EDGERTC_OBJECT_STEPS"] === undefined
                  ? {}
                  : { EDGERTC_OBJECT_STEPS: process.env["EDGERTC_OBJECT_STEPS"] }),
                EDGERTC_ADMIN_TOKEN: "token-of-the-tests",
              },
            },
          }),
        ],
        test: {
          name: "edge",
          include: ["worker/**/*.test.ts"],
          exclude: ["worker/ledger/**"],
          testTimeout: SLOW_MACHINE_MS,
        },
      },
      {
        test: {
          name: "system",
          globalSetup: "./test/support/leftovers.ts",
          include: ["test/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
