/** How a node's peers reach the network. */

import { networkInterfaces } from "node:os";
import type * as v from "valibot";
import type { IceServer } from "../../shared/descriptor.ts";
import { defaultPrivateCandidates, type PrivateCandidates } from "./candidate-filter.ts";

export interface IceOptions {
  /**
   * `full` (default) also works behind NAT and checks the client's consent. `lite` only answers checks: for nodes whose
   * addresses are public; it connects about 70 ms sooner.
   */
  readonly mode: "full" | "lite";
  /** STUN and TURN servers of the node itself; none by default. Only the first of each kind is used. */
  readonly iceServers: readonly v.InferOutput<typeof IceServer>[];
  /** Addresses offered beside the machine's own, such as the public side of a 1:1 NAT. */
  readonly additionalAddresses: readonly string[];
  /** Binds to this IPv4 address only. */
  readonly bindAddress: string | undefined;
  /** What becomes of clients' candidates that are not public addresses. Default: refused, unless all is private here. */
  readonly privateCandidates?: PrivateCandidates;
  /** UDP ports, inclusive; the operating system chooses by default. */
  readonly portRange: readonly [number, number] | undefined;
}

export const DEFAULT_ICE: IceOptions = {
  mode: "full",
  iceServers: [],
  additionalAddresses: [],
  bindAddress: undefined,
  portRange: undefined,
};

/**
 * On a machine without any network address, loopback is offered, so that its own browser can still call. Never beside
 * others: a browser tries it first, what a loopback socket answers to another address does not arrive, and that costs 50 ms.
 */
export function withReachableAddress(ice: IceOptions): IceOptions {
  if (ice.additionalAddresses.length > 0 || ice.bindAddress !== undefined) return ice;
  const alone = !Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family, internal }) => family === "IPv4" && !internal),
  );
  return alone ? { ...ice, additionalAddresses: ["127.0.0.1"] } : ice;
}

/** Whether a node takes private candidates, by its options, its addresses and its edge. */
export function privateCandidatesOf(ice: IceOptions, publicEdge: boolean): PrivateCandidates {
  if (ice.privateCandidates !== undefined) return ice.privateCandidates;
  const own = ice.bindAddress === undefined ? ownAddresses() : [ice.bindAddress];
  return defaultPrivateCandidates({ addresses: [...own, ...ice.additionalAddresses], publicEdge });
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}
