/**
 * A network of its own for a browser, whose interfaces can be taken down and given other addresses while it runs: a network
 * namespace with two veth pairs to this machine, as a phone has Wi-Fi and a mobile network. Needs root.
 */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Of an interface inside: `wifi` is up at first. */
export type Interface = "wifi" | "mobile";

/**
 * TEST-NET-3 and TEST-NET-2: ours is `.1`, the browser's any other. Where the machine itself has something there, such as a mirror of
 * packages at 203.0.113.80, that is out of reach while the network exists.
 */
const NETWORKS = { wifi: "203.0.113", mobile: "198.51.100" } as const;

/** Why it cannot be used here, or null. */
export function networkMissing(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs Linux and root";
  try {
    execFileSync("ip", ["netns", "add", "edgertc-probe"], { stdio: "ignore" });
    execFileSync("ip", ["netns", "delete", "edgertc-probe"], { stdio: "ignore" });
    return null;
  } catch {
    return "needs iproute2 and network namespaces";
  }
}

/** Why a line's bandwidth cannot be limited here, or null. */
export function shapingMissing(): string | null {
  const missing = networkMissing();
  if (missing !== null) return missing;
  try {
    execFileSync("ip", ["link", "add", "edgertc-probe", "type", "veth"], { stdio: "ignore" });
    execFileSync("tc", [...shaperOf("edgertc-probe"), ...limitOf(1_000_000)], { stdio: "ignore" });
    return null;
  } catch {
    return "needs tc, and a kernel with tbf";
  } finally {
    spawnSync("ip", ["link", "delete", "edgertc-probe"], { stdio: "ignore" });
  }
}

const shaperOf = (device: string) => ["qdisc", "replace", "dev", device, "root"];

/** A router's buffer holds half a second: what does not fit is dropped. */
const limitOf = (bitsPerSecond: number) => ["tbf", "rate", `${bitsPerSecond}bit`, "burst", "8kb", "latency", "500ms"];

export class TestNetwork {
  readonly #name = `edgertc-${process.pid}`;
  readonly #folder: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(): Promise<TestNetwork> {
    const network = new TestNetwork(await mkdtemp(path.join(tmpdir(), "edgertc-network-")));
    await network.#ip("netns", "add", network.#name);
    // The address that it gives itself comes seconds after the interface: another change of the network, to a browser.
    const sysctl = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6";
    await network.#ip("netns", "exec", network.#name, "sh", "-c", sysctl);
    await network.#inside("link", "set", "lo", "up");
    for (const name of ["wifi", "mobile"] as const) {
      const outside = network.#outside(name);
      await network.#ip("link", "add", outside, "type", "veth", "peer", "name", name, "netns", network.#name);
      await network.#ip("address", "add", `${NETWORKS[name]}.1/24`, "dev", outside);
      await network.#ip("link", "set", outside, "up");
    }
    await network.up("wifi", 2);
    return network;
  }

  /** Gives an interface this address and the way to everything, and takes it up. @param host last part of its address */
  async up(name: Interface, host: number): Promise<void> {
    await this.#inside("link", "set", name, "up");
    await this.#inside("address", "add", `${NETWORKS[name]}.${host}/24`, "dev", name);
    await this.#inside("route", "replace", "default", "via", `${NETWORKS[name]}.1`, "dev", name);
  }

  async down(name: Interface): Promise<void> {
    await this.#inside("address", "flush", "dev", name);
    await this.#inside("link", "set", name, "down");
  }

  /** Another address on the same interface, as after another lease of DHCP. */
  async move(name: Interface, host: number): Promise<void> {
    await this.#inside("address", "flush", "dev", name);
    await this.up(name, host);
  }

  /** Lets no more than this through, each way. */
  async limit(name: Interface, bitsPerSecond: number): Promise<void> {
    await run("tc", [...shaperOf(this.#outside(name)), ...limitOf(bitsPerSecond)]);
    await run("tc", ["-n", this.#name, ...shaperOf(name), ...limitOf(bitsPerSecond)]);
  }

  /** Makes a server of this machine's loopback reachable from inside. @returns its address there. */
  async expose(url: string): Promise<string> {
    const { port } = new URL(url);
    const server = createServer((socket) => {
      const onward = connect(Number(port), "127.0.0.1");
      for (const end of [socket, onward]) {
        this.#sockets.add(end);
        end.on("close", () => this.#sockets.delete(end));
      }
      // Either end may be cut at any time: that is what this is for.
      socket.on("error", () => onward.destroy()).on("close", () => onward.destroy());
      onward.on("error", () => socket.destroy()).on("close", () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    });
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.listen(0, "0.0.0.0", resolve);
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the forwarder has no port");
    // Reachable over either interface, as a server on the internet is.
    return `http://${NETWORKS.wifi}.1:${address.port}`;
  }

  /** An executable that runs another one inside. */
  async wrap(executable: string): Promise<string> {
    const file = path.join(this.#folder, "inside.sh");
    await writeFile(file, `#!/bin/sh\nexec ip netns exec ${this.#name} ${executable} "$@"\n`);
    await chmod(file, 0o755);
    return file;
  }

  async remove(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      if (this.#server === undefined) resolve();
      else this.#server.close(() => resolve());
    });
    for (const name of ["wifi", "mobile"] as const) {
      // With one end of a pair the other goes.
      await this.#ip("link", "delete", this.#outside(name)).catch(() => null);
    }
    await this.#ip("netns", "delete", this.#name);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #outside(name: Interface): string {
    return `${name.slice(0, 4)}${process.pid}`;
  }

  async #inside(...command: string[]): Promise<void> {
    await this.#ip("-n", this.#name, ...command);
  }

  async #ip(...command: string[]): Promise<void> {
    await run("ip", command);
  }
}
