import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** A test that hangs is ended; a slow machine is no reason to fail one. */
const SLOW_MACHINE_MS = 60_000;

/** Vitest leaves a core to itself; on two cores that would be one file after the other. */
const WORKERS = Math.max(2, availableParallelism() - 1);

/** System tests that wait more than they work, without speech models and pictures: two at a time. None of them measures milliseconds. */
const CALM_SYSTEM_TESTS = [
  "api-docs",
  "client-turn-queue",
  "create",
  "docs",
  "drain",
  "fastrtc-connection",
  "handlers",
  "inputs-outputs",
  "liveness",
  "offer",
  "operators",
  "operators-page",
  "page",
  "page-fields",
  "page-trouble",
  "queue",
  "resilience",
  "security",
  "snippets",
  "soak",
  "telephone",
  "turn",
  "websocket",
].map(pathOfTest);

/** System tests with speech that mostly wait for it to be said: two at a time as well, but not beside those that start browsers. */
const SPOKEN_SYSTEM_TESTS = ["examples", "voice"].map(pathOfTest);

function pathOfTest(name: string): string {
  return `test/${name}.test.ts`;
}

const systemTests = {
  globalSetup: ["./test/support/leftovers.ts", "./test/support/one-bundle.ts"],
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

/**
 * Kinds of tests:
 * - `unit`: beside the files they test, in Node.
 * - `edge`: the Worker and its objects, inside workerd.
 * - `system-calm`, `system-spoken` and `system`: what crosses rooms, with real parts; the first two two files at a time, the last one after the other.
 */
export default defineConfig({
  test: {
    maxWorkers: WORKERS,
    reporters: ["default", "./test/support/plain-count-reporter.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{shared,media-node,client,ui,examples,bench}/**/*.test.ts",
            "create-edgertc/*.test.ts",
            "worker/ledger/**/*.test.ts",
          ],
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
          ...systemTests,
          name: "system-calm",
          include: CALM_SYSTEM_TESTS,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...systemTests,
          name: "system-spoken",
          include: SPOKEN_SYSTEM_TESTS,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...systemTests,
          name: "system",
          include: ["test/**/*.test.ts"],
          exclude: [...CALM_SYSTEM_TESTS, ...SPOKEN_SYSTEM_TESTS],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
