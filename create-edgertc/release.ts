/** The release of EdgeRTC that projects are made for, and what they are developed with. Tests compare them with the repository's. */

export const EDGERTC_VERSION = "0.1.0";

export const DEVELOPED_WITH = {
  "@types/node": "24.19.2",
  typescript: "7.0.2",
  wrangler: "4.156.2",
} as const;

/** Node from here on runs TypeScript as it is. */
export const NODE_VERSIONS = ">=22.18.0";
