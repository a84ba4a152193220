/** What the hooks add to a page that has React and the client. */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, it } from "vitest";

const BUDGET_BYTES = 6 * 1024;

it("is small", async () => {
  const result = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      target: "es2022",
      lib: { entry: fileURLToPath(new URL("index.ts", import.meta.url)), formats: ["es"], fileName: "react" },
      rolldownOptions: { external: ["react", /client\/index\.ts$/, "../index.ts"], output: { minify: true } },
    },
  });
  const output = (Array.isArray(result) ? result : [result]).flatMap((one) => ("output" in one ? one.output : []));
  const [chunk, ...others] = output.filter((one) => one.type === "chunk");
  expect(others).toEqual([]);
  const bytes = gzipSync(chunk?.code ?? "", { level: 9 }).length;
  expect(bytes).toBeLessThan(BUDGET_BYTES);
  expect(bytes).toBeGreaterThan(500);
  // Bundlers look for it at the very top.
  expect(chunk?.code).toMatch(/^['"`]use client['"`]/);
});
