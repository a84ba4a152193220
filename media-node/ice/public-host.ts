/** Whether others than this machine and its local network can come by an address: where calls need TURN sooner or later. */
import { BlockList, isIP } from "node:net";

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const) {
  PRIVATE.addSubnet(network, bits, "ipv4");
}
for (const [network, bits] of [
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
] as const) {
  PRIVATE.addSubnet(network, bits, "ipv6");
}

/** Platforms that put a public address in front of what listens locally: FastRTC refuses to start there without TURN. */
const HOSTED = ["SPACE_ID", "COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE"];

/**
 * @param host a name or an address, as in a URL or a `--host` option. `0.0.0.0` and `::` listen to everybody.
 */
export function isPublicHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "").toLowerCase();
  const version = isIP(name);
  if (version === 0) return name.includes(".") && !/\.(?:local|localhost|internal|lan|home\.arpa|test)$/.test(name);
  return !PRIVATE.check(name, version === 4 ? "ipv4" : "ipv6");
}

/** True in a Hugging Face Space, on Colab and on Kaggle. */
export function isHostedNotebook(env: NodeJS.ProcessEnv): boolean {
  return HOSTED.some((name) => (env[name] ?? "") !== "");
}
