/** `edgertc token`: a join token, for trying. An application's backend mints its own (`edgertc/tokens`). */
import { Command } from "commander";
import { DEFAULT_STREAM } from "../../shared/ids.ts";
import { createJoinToken } from "../../shared/join-token.ts";
import { positiveNumber } from "./options.ts";

interface TokenFlags {
  readonly stream: string;
  readonly secret?: string;
  readonly lifetimeMs?: number;
  readonly timeLimit?: number;
  readonly webrtcId?: string;
}

export function tokenCommand(): Command {
  return new Command("token")
    .description("mint a token for one call, for edges and streams that require one")
    .option("--stream <name>", "the stream that it is for", DEFAULT_STREAM)
    .option("--secret <secret>", "the edge's (default: EDGERTC_TOKEN_SECRET)")
    .option("--lifetime-ms <ms>", "the call must begin within this (default: a minute)", positiveNumber)
    .option(
      "--time-limit <seconds>",
      "the call lasts no longer than this (default: the stream's limit)",
      positiveNumber,
    )
    .option("--webrtc-id <id>", "the call must have this client id (default: any)")
    .action(async ({ secret = process.env["EDGERTC_TOKEN_SECRET"], ...options }: TokenFlags) => {
      if (secret === undefined) {
        throw new Error("A token needs the edge's secret: set EDGERTC_TOKEN_SECRET or pass --secret.");
      }
      console.log(await createJoinToken({ secret, ...options }));
    });
}
