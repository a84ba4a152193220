/** What to do with a project that was just made. */
import path from "node:path";
import type { Project } from "./project.ts";
import { TEMPLATES, type Template } from "./templates.ts";

export function nextSteps({ folder, name }: Project, template: Template): string {
  const here = path.relative(process.cwd(), folder);
  const steps = [
    ...(here === "" ? [] : [`cd ${/\s/.test(here) ? `"${here}"` : here}`]),
    "npm install",
    "npm test",
    "npm run dev",
  ];
  return [
    "",
    `  ${name}: ${TEMPLATES[template].about}.`,
    "",
    ...steps.map((step) => `    ${step}`),
    "",
    "  Then open http://127.0.0.1:8787. No account and no API key are needed.",
    "",
  ].join("\n");
}
