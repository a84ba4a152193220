/** The package.json of a new project. */
import { DEVELOPED_WITH, NODE_VERSIONS } from "./release.ts";
import { TEMPLATES, type Template } from "./templates.ts";

/** How a project depends on EdgeRTC. */
export type Dependency =
  | { readonly kind: "version"; readonly version: string }
  /** `path`: from the project. */
  | { readonly kind: "tarball"; readonly path: string }
  /** A clone, linked: absolute. */
  | { readonly kind: "folder"; readonly path: string };

interface ManifestOptions {
  readonly name: string;
  readonly template: Template;
  readonly edgertc: Dependency;
}

export function manifestOf({ name, template, edgertc }: ManifestOptions): object {
  return {
    name,
    version: "0.1.0",
    private: true,
    type: "module",
    engines: { node: NODE_VERSIONS },
    scripts: {
      ...(TEMPLATES[template].models ? { predev: "edgertc models pull" } : {}),
      // With its own Worker, so that a route put there answers here, too.
      dev: "edgertc dev streams.ts --worker worker.ts",
      test: "node --test",
      check: "tsc",
      deploy: "wrangler deploy",
      node: "edgertc node streams.ts",
    },
    dependencies: { edgertc: edgertc.kind === "version" ? edgertc.version : `file:${edgertc.path}` },
    devDependencies: DEVELOPED_WITH,
  };
}

/** Of a Worker: its address is a label of a host's name, with room for what Cloudflare puts before it. */
const MAX_NAME_CHARS = 54;

/**
 * A name that npm and Cloudflare take: lower case letters, digits and hyphens.
 * @throws Error where nothing of the name is left.
 */
export function packageNameOf(name: string): string {
  const safe = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, MAX_NAME_CHARS)
    .replace(/-$/, "");
  if (safe === "") throw new Error(`"${name}" has no letters or digits for a package's name: say --name.`);
  return safe;
}
