/** How a node's peers reach the network. */

import type * as v from "valibot";
import type { IceServer } from "../../shared/descriptor.ts";

export interface IceOptions {
  /**
   * `full` (default) also works behind NAT and checks the client's consent. `lite` only answers checks: for nodes whose
   * addresses are public; it connects about 70 ms sooner.
   */
  readonly mode: "full" | "lite";
  /** STUN and TURN servers of the node itself; none by default. Only the first of each kind is used. */
  readonly iceServers: readonly v.InferOutput<typeof IceServer>[];
  /** Addresses offered beside the machine's own, such as 127.0.0.1 for local use or the public side of a 1:1 NAT. */
  readonly additionalAddresses: readonly string[];
  /** Binds to this IPv4 address only. */
  readonly bindAddress: string | undefined;
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
