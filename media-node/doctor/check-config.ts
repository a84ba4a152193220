/** What can be told from the options alone. */
import { isPublicHost } from "../ice/public-host.ts";
import type { Context } from "./context.ts";
import { type Finding, failure, ok, warning } from "./finding.ts";

const CHECK = "config";
/** Shorter secrets are guessed. */
const MIN_SECRET_CHARS = 16;
/** A call takes one UDP port for each address of the machine; fewer ports than this are soon used up. */
const FEW_PORTS = 100;

export async function checkConfig({ options }: Context): Promise<Finding[]> {
  const findings = [...edgeUrl(options.edgeUrl), ...secret(options.secret), ...ports(options.ice.portRange)];
  return findings.length > 0
    ? findings
    : [ok(CHECK, `The options are sound: node ${options.nodeId}, edge ${options.edgeUrl}.`)];
}

function edgeUrl(text: string): Finding[] {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const fix = "Give it as --edge https://… or in EDGERTC_EDGE_URL.";
    return [failure(CHECK, `"${text}" is no URL of an edge.`, "The node dials it over HTTP.", fix)];
  }
  if (url.protocol === "https:" || !isPublicHost(url.hostname)) return [];
  return [
    warning(
      CHECK,
      "The edge's URL is http.",
      "The secret of the nodes and every offer travel unencrypted, and browsers give no microphone to such a page.",
      "Use https.",
    ),
  ];
}

function secret(text: string | null): Finding[] {
  const fix = "Give edge and node the same 32 random characters: openssl rand -hex 32";
  if (text === null || text === "") {
    return [failure(CHECK, "There is no EDGERTC_NODE_SECRET.", "The edge lets no node in without.", fix)];
  }
  if (text.length >= MIN_SECRET_CHARS) return [];
  return [
    warning(CHECK, "EDGERTC_NODE_SECRET is short.", "Whoever guesses it can pose as a media node and take calls.", fix),
  ];
}

function ports(range: Context["options"]["ice"]["portRange"]): Finding[] {
  if (range === undefined) return [];
  const [from, to] = range;
  const count = to - from + 1;
  if (count >= FEW_PORTS) return [];
  return [
    warning(
      CHECK,
      `--udp-ports ${from}-${to} are only ${count} ports.`,
      "Each call takes one for each address of the machine, and a port is free again only a while after its call.",
      "Give more, such as 50000-50999.",
    ),
  ];
}
