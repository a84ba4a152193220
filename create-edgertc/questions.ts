/** Asks for what the command line left open. Where nobody can be asked, the defaults count. */
import type { Wishes } from "./arguments.ts";
import { DEFAULT_TEMPLATE, isTemplate, TEMPLATES, type Template } from "./templates.ts";
import type { Terminal } from "./terminal.ts";

const DEFAULT_FOLDER = "my-edgertc";

export interface Answers {
  readonly folder: string;
  /** Of the package. Undefined: the folder's. */
  readonly name: string | undefined;
  readonly template: Template;
  /** A version, or a path. Undefined: this release. */
  readonly edgertc: string | undefined;
}

/** @param terminal null where there is none: in a script, in CI. */
export async function askWhatIsMissing(
  { folder, name, template, edgertc }: Wishes,
  terminal: Pick<Terminal, "question"> | null,
): Promise<Answers> {
  return {
    folder: folder ?? (await ask(terminal, "Folder", DEFAULT_FOLDER)),
    name,
    template: template ?? (await askTemplate(terminal)),
    edgertc,
  };
}

async function askTemplate(terminal: Pick<Terminal, "question"> | null): Promise<Template> {
  const about = Object.entries(TEMPLATES).map(([name, template]) => `    ${name.padEnd(7)}${template.about}\n`);
  for (;;) {
    const answer = await ask(terminal, `\n${about.join("")}\n  Template`, DEFAULT_TEMPLATE);
    if (isTemplate(answer)) return answer;
  }
}

async function ask(terminal: Pick<Terminal, "question"> | null, question: string, byDefault: string): Promise<string> {
  if (terminal === null) return byDefault;
  const answer = await terminal.question(`  ${question} (${byDefault}): `);
  return answer.trim() || byDefault;
}
