/** `edgertc tunnel` and `edgertc fastphone`: an edge on this machine, reached from outside, and called by telephone. */
import { Command } from "commander";
import { FastPhone, gatewayService } from "../telephone/fastphone.ts";
import { startTunnel, type Tunnel } from "../telephone/tunnel.ts";
import { systemClock } from "../time/clock.ts";
import { exitAfter, onSignals } from "./options.ts";

/** A gateway's code is good for a day after it was registered. */
const RENEW_EVERY_MS = 6 * 60 * 60_000;
const LOCAL_EDGE = "http://127.0.0.1:8787";

export function tunnelCommand(): Command {
  return new Command("tunnel")
    .description("give an edge on this machine a public address, by cloudflared")
    .argument("[url]", "the edge", LOCAL_EDGE)
    .action(async (url: string) => {
      const tunnel = await startTunnel({ url, clock: systemClock });
      const leaving = new AbortController();
      onSignals(() => {
        leaving.abort();
        exitAfter(tunnel.stop());
      });
      console.log(`\n    Page       https://${tunnel.host}/`);
      console.log(`    Telephone  https://${tunnel.host}/telephone/incoming\n\n  Ctrl-C closes it.\n`);
      await tunnel.ended;
      if (!leaving.signal.aborted) throw new Error("The tunnel has ended.");
    });
}

interface FastPhoneFlags {
  readonly gateway?: string;
  readonly token?: string;
  readonly host?: string;
}

export function fastphoneCommand(): Command {
  return new Command("fastphone")
    .description("have an edge on this machine called by FastRTC's hosted telephone number, or a gateway's")
    .argument("[url]", "the edge; its default stream answers", LOCAL_EDGE)
    .option("--gateway <url>", "an edge with a telephone gateway, in place of FastRTC's service")
    .option("--token <token>", "a Hugging Face token (default: HF_TOKEN), or the gateway's key (EDGERTC_GATEWAY_KEY)")
    .option("--host <name>", "the edge's public host, where it has one (default: a tunnel by cloudflared)")
    .action(async (url: string, { gateway, token = tokenFor(gateway), host }: FastPhoneFlags) => {
      const tunnel = host === undefined ? await startTunnel({ url, clock: systemClock }) : undefined;
      const services = gateway === undefined ? {} : { services: [gatewayService(gateway)] };
      const registered = FastPhone.register({ host: host ?? tunnel?.host ?? "", token, ...services });
      const phone = await registered.catch(async (error: unknown) => {
        await tunnel?.stop();
        throw error;
      });
      // Without a tunnel nothing else would keep this process here.
      const hold = setInterval(() => {
        // What FastRTC's service would make of it is not known.
        if (gateway === undefined) return;
        phone.renew().catch((error: unknown) => console.error(`  ${error instanceof Error ? error.message : error}`));
      }, RENEW_EVERY_MS);
      const leaving = new AbortController();
      onSignals(() => {
        leaving.abort();
        clearInterval(hold);
        exitAfter(hangUp(phone, tunnel));
      });
      const { phone: number, code, remainingSeconds, resetDate } = phone.number;
      console.log(
        `\n    Call    ${number}\n    Code    ${code}\n    Left    ${clockOf(remainingSeconds)} until ${resetDate}`,
      );
      console.log("\n  Ctrl-C gives the number back.\n");
      if (tunnel === undefined) return;
      await tunnel.ended;
      // A terminal's Ctrl-C reaches the tunnel as well.
      if (leaving.signal.aborted) return;
      clearInterval(hold);
      await phone.unregister();
      throw new Error("The tunnel has ended.");
    });
}

function tokenFor(gateway: string | undefined): string {
  const name = gateway === undefined ? "HF_TOKEN" : "EDGERTC_GATEWAY_KEY";
  const token = process.env[name] ?? "";
  if (token !== "") return token;
  const what = gateway === undefined ? "A Hugging Face token" : "A key of the gateway";
  throw new Error(`${what} is needed: set ${name} or pass --token.`);
}

async function hangUp(phone: FastPhone, tunnel: Tunnel | undefined): Promise<void> {
  try {
    await phone.unregister();
  } finally {
    await tunnel?.stop();
  }
}

/** Minutes and seconds. */
function clockOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
