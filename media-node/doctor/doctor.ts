/** `edgertc doctor`: looks at everything a call needs, in the order it needs it, and says what stands in the way. */
import { networkInterfaces } from "node:os";
import { systemClock } from "../time/clock.ts";
import { installedVideoCodecs } from "../video/codec/installed.ts";
import { checkConfig } from "./check-config.ts";
import { checkClock, checkEdge, checkLink, checkSecret } from "./check-edge.ts";
import { checkMedia } from "./check-media.ts";
import { checkAddress, checkUdp } from "./check-network.ts";
import { checkNodes } from "./check-nodes.ts";
import { checkRelays, checkTurn } from "./check-turn.ts";
import { checkVideo } from "./check-video.ts";
import type { Context, DoctorOptions, Machine } from "./context.ts";
import { type Finding, skipped } from "./finding.ts";

export const THIS_MACHINE: Machine = {
  clock: systemClock,
  wallMs: Date.now,
  addresses: () =>
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ family, internal }) => family === "IPv4" && !internal)
      .map(({ address }) => address),
  fetch: (...request) => fetch(...request),
  videoCodecs: () => installedVideoCodecs(),
};

/**
 * @param onFindings called with the findings of each check as it is done.
 * @returns all of them.
 */
export async function diagnose(
  options: DoctorOptions,
  onFindings: (findings: readonly Finding[]) => void,
  machine: Machine = THIS_MACHINE,
): Promise<Finding[]> {
  const context: Context = {
    options,
    machine,
    learned: { clockAheadMs: null, streams: null, clientServers: null, nodeServers: null },
  };
  const all: Finding[] = [];
  const run = async (check: (context: Context) => Promise<Finding[]>): Promise<boolean> => {
    const findings = await check(context);
    all.push(...findings);
    onFindings(findings);
    return findings.every(({ level }) => level !== "failure");
  };
  await run(checkConfig);
  const edgeIsThere = URL.canParse(options.edgeUrl) && (await run(checkEdge));
  if (edgeIsThere) {
    for (const check of [checkClock, checkSecret, checkLink, checkNodes, checkTurn]) await run(check);
  } else {
    await run(async () => [skipped("secret, link, nodes, turn", "There is no edge to ask.")]);
  }
  for (const check of [checkMedia, checkUdp, checkAddress, checkRelays, checkVideo]) await run(check);
  return all;
}
