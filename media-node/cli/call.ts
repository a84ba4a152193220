/** `edgertc call`: has the edge call somebody and connect who answers to a stream. */
import { Command } from "commander";
import * as v from "valibot";
import { ADMIN_API_PATH, CallReply, TelephoneNumber } from "../../shared/admin.ts";
import { DEFAULT_STREAM } from "../../shared/ids.ts";

const TIMEOUT_MS = 15_000;

interface CallFlags {
  readonly edge: string;
  readonly stream: string;
  readonly from?: string;
  readonly token?: string;
}

/** As much of the edge's refusals as is shown. */
const Refusal = v.object({
  meta: v.object({ error: v.string(), message: v.optional(v.string()), fix: v.optional(v.string()) }),
});

export function callCommand(): Command {
  return new Command("call")
    .description("call a telephone number through the edge's provider, and connect who answers to a stream")
    .argument("<number>", "whom to call: +14155550100")
    .option("--edge <url>", "the edge's public URL, which the provider reaches, too", process.env["EDGERTC_EDGE_URL"])
    .option("--stream <name>", "the stream that answers", DEFAULT_STREAM)
    .option("--from <number>", "the number to call from (default: the edge's EDGERTC_TELEPHONE_NUMBER)")
    .option("--token <token>", "the edge's admin token (default: EDGERTC_ADMIN_TOKEN)")
    .action(async (to: string, { edge, stream, from, token = process.env["EDGERTC_ADMIN_TOKEN"] }: CallFlags) => {
      if (edge === undefined) throw new Error("The edge's public URL is needed: set EDGERTC_EDGE_URL or pass --edge.");
      if (token === undefined)
        throw new Error("The edge's admin token is needed: set EDGERTC_ADMIN_TOKEN or pass --token.");
      for (const number of [to, from ?? to]) {
        if (!v.is(TelephoneNumber, number)) throw new Error(`${number} is no number like +14155550100.`);
      }
      const { callId, provider } = await place(edge, token, { to, stream, ...(from === undefined ? {} : { from }) });
      console.log(`\n  ${provider} calls ${to}: ${callId}\n`);
    });
}

async function place(edge: string, token: string, body: object): Promise<v.InferOutput<typeof CallReply>> {
  const response = await fetch(`${edge.replace(/\/$/, "")}${ADMIN_API_PATH}/calls`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const reply: unknown = await response.json();
  if (response.ok) return v.parse(CallReply, reply);
  const refusal = v.safeParse(Refusal, reply);
  const { error, message, fix } = refusal.success ? refusal.output.meta : { error: `status ${response.status}` };
  throw new Error([message ?? error, fix].filter((part) => part !== undefined).join(" "));
}
