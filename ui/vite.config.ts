/** Builds the pages into ui/dist, which the Worker serves as its static assets. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: at("."),
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsDir: "assets",
    modulePreload: { polyfill: false },
    // The page, the operators' page, and the API documentation.
    rolldownOptions: { input: [at("index.html"), at("admin/index.html"), at("docs/index.html")] },
  },
});
