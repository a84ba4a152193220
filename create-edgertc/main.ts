#!/usr/bin/env node
/** `npm create edgertc`: makes a new project. What the command line leaves open is asked, in a terminal. */
import { parseArguments, USAGE } from "./arguments.ts";
import { createProject } from "./project.ts";
import { askWhatIsMissing } from "./questions.ts";
import { nextSteps } from "./steps.ts";
import { openTerminal } from "./terminal.ts";

try {
  const wishes = parseArguments(process.argv.slice(2));
  if (wishes.help) {
    console.log(USAGE);
  } else {
    const terminal = process.stdin.isTTY && process.stdout.isTTY ? openTerminal(process.stdin, process.stdout) : null;
    try {
      const answers = await askWhatIsMissing(wishes, terminal);
      const project = await createProject(answers);
      console.log(nextSteps(project, answers.template));
    } finally {
      terminal?.close();
    }
  }
} catch (error) {
  console.error(`\n  ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
