/** Versions on the wire. */

/** Version of the node link and of every RPC between objects. N and N−1 must work together. */
export const PROTOCOL_VERSION = 3;

/** The oldest version this build still speaks. */
export const MIN_PROTOCOL_VERSION = 2;

/** This release. */
export const EDGERTC_VERSION = "0.1.0";
