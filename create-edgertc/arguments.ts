/** The command line of `npm create edgertc`. */
import { parseArgs } from "node:util";
import { isTemplate, TEMPLATES, type Template } from "./templates.ts";

const templates = Object.entries(TEMPLATES);

export const USAGE = `
  npm create edgertc [folder] [-- options]

    --name <name>        of the package (default: the folder's)
    --template <name>    ${templates.map(([name]) => name).join(", ")} (default: voice)
    --edgertc <where>    a version, or the path of a clone or of a tarball of EdgeRTC (default: this release)
    --help
${templates.map(([name, { about }]) => `\n    ${name.padEnd(7)}${about}`).join("")}
`;

/** What the command line says. Undefined: it does not. */
export interface Wishes {
  readonly folder: string | undefined;
  readonly name: string | undefined;
  readonly template: Template | undefined;
  readonly edgertc: string | undefined;
  readonly help: boolean;
}

/** @throws Error that says what is wrong with them. */
export function parseArguments(args: readonly string[]): Wishes {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: "string" },
      template: { type: "string" },
      edgertc: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (positionals.length > 1) throw new Error(`One folder at a time: ${positionals.join(", ")}.`);
  const { template } = values;
  if (template !== undefined && !isTemplate(template)) {
    throw new Error(`There is no template ${template}. There are ${Object.keys(TEMPLATES).join(", ")}.`);
  }
  const { name, edgertc, help } = values;
  return { folder: positionals[0], name, template, edgertc, help };
}
