#!/usr/bin/env node
/** `edgertc`: the command line. Each command has a file of its own beside this one. */
import { Command } from "commander";
import { EDGERTC_VERSION } from "../../shared/version.ts";
import { callCommand } from "./call.ts";
import { devCommand } from "./dev.ts";
import { dialCommand } from "./dial.ts";
import { doctorCommand } from "./doctor.ts";
import { modelsCommand } from "./models.ts";
import { nodeCommand } from "./node.ts";
import { tokenCommand } from "./token.ts";
import { fastphoneCommand, tunnelCommand } from "./tunnel.ts";

const program = new Command("edgertc")
  .description("Real-time voice AI at the edge: streams written in TypeScript, served to any browser.")
  .version(EDGERTC_VERSION)
  .addCommand(devCommand())
  .addCommand(nodeCommand())
  .addCommand(dialCommand())
  .addCommand(callCommand())
  .addCommand(tunnelCommand())
  .addCommand(fastphoneCommand())
  .addCommand(doctorCommand())
  .addCommand(modelsCommand())
  .addCommand(tokenCommand());

program.parseAsync().catch((error: unknown) => {
  console.error(`\n  ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
