/** What a page has to load for a call: every byte of it is loaded before anybody can speak. */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, it } from "vitest";

/**
 * Gzipped. Up front, and what is loaded behind that: what gets a call back whose network has changed, once it is up; the WebSocket
 * where WebRTC does not connect; waiting in line; loudness and statistics, where somebody looks.
 */
const BUDGET_BYTES = { upFront: 12 * 1024, later: 8.5 * 1024 };

it("is small, and what only a WebSocket or a line needs comes only when it is needed", async () => {
  const result = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      target: "es2022",
      lib: { entry: fileURLToPath(new URL("index.ts", import.meta.url)), formats: ["es"], fileName: "client" },
      rolldownOptions: { output: { minify: true } },
    },
  });
  const output = (Array.isArray(result) ? result : [result]).flatMap((one) => ("output" in one ? one.output : []));
  const bytes = { upFront: 0, later: 0 };
  for (const chunk of output) {
    if (chunk.type !== "chunk") continue;
    bytes[chunk.isDynamicEntry ? "later" : "upFront"] += gzipSync(chunk.code, { level: 9 }).length;
    if (!chunk.isEntry) continue;
    const later = chunk.dynamicImports.map((name) => name.replace(/-[\w-]{8}\.js$/, "")).sort();
    expect(later).toEqual(["levels", "line", "recovery", "socket-media", "statistics", "transport-path"]);
  }
  expect(bytes.upFront).toBeLessThan(BUDGET_BYTES.upFront);
  expect(bytes.upFront).toBeGreaterThan(1_000);
  expect(bytes.later).toBeLessThan(BUDGET_BYTES.later);
  expect(bytes.later).toBeGreaterThan(1_000);
});
