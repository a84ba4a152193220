/** Builds the pages into ui/dist, which the Worker serves as its static assets. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where a page takes what all of them have in their head: how they are read, their colours and their icon. */
const HEAD = "<!-- ui/head.html -->";

const sharedHead: Plugin = {
  name: "shared-head",
  transformIndexHtml: {
    order: "pre",
    handler: (html, { filename }) => {
      if (!html.includes(HEAD)) throw new Error(`${filename} has no ${HEAD}.`);
      return html.replace(HEAD, () => readFileSync(at("head.html"), "utf8").trim());
    },
  },
};

export default defineConfig({
  root: at("."),
  base: "./",
  plugins: [sharedHead],
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
