/**
 * Which of a client's ICE candidates this side sends connectivity checks to. A candidate is an address that a stranger names:
 * a node on the internet must not be made to knock inside its own network, or to look up names. Pure.
 */
import { isIP } from "node:net";
import { isPublicAddress } from "../../shared/address.ts";

/**
 * Candidates with addresses of private networks, of this machine, or of no single one. `refuse` costs calls nothing that can
 * be reached at all: the client's own checks arrive, and are answered to where they came from.
 */
export type PrivateCandidates = "accept" | "refuse";

/** @param line `candidate:…`, as it is trickled. */
export function isWelcome(line: string, privateCandidates: PrivateCandidates): boolean {
  const address = line.trim().split(/\s+/)[4] ?? "";
  // Browsers hide addresses behind mDNS names; any name would have to be looked up, which nobody is made to do here.
  if (isIP(address) === 0) return false;
  return privateCandidates === "accept" || isPublicAddress(address);
}

/**
 * The offer without the candidates that are not welcome. It does not say either, then, that these were all: with none left
 * the connection would have failed before the client's own checks arrive.
 */
export function withWelcomeCandidates(sdp: string, privateCandidates: PrivateCandidates): string {
  const welcome = sdp.replace(/^a=(candidate:[^\r\n]*)\r?\n?/gm, (line: string, candidate: string) =>
    isWelcome(candidate, privateCandidates) ? line : "",
  );
  return welcome === sdp ? sdp : welcome.replace(/^a=end-of-candidates\r?\n?/gm, "");
}

/**
 * What a node does unless it is told: it refuses them where strangers can reach it or its edge, and takes them on a
 * developer's machine, where everything is private.
 */
export function defaultPrivateCandidates({
  addresses,
  publicEdge,
}: {
  /** The node's own addresses, and those it offers beside them. */
  readonly addresses: readonly string[];
  readonly publicEdge: boolean;
}): PrivateCandidates {
  return publicEdge || addresses.some(isPublicAddress) ? "refuse" : "accept";
}
