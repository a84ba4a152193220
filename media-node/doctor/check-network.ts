/** This machine's UDP: whether it can be had, and under which address the world sees it. */
import { createSocket } from "node:dgram";
import type { IceServers } from "../../shared/turn.ts";
import { isPublicHost } from "../ice/public-host.ts";
import { causeOf } from "./ask.ts";
import type { Context } from "./context.ts";
import { type Finding, failure, ok, skipped, warning } from "./finding.ts";
import { type Address, bind } from "./stun/channel.ts";
import { type IceUrl, parseIceUrl } from "./stun/ice-url.ts";
import { mappedAddress } from "./stun/mapped-address.ts";

const UDP = "udp";
const ADDRESS = "address";

export async function checkUdp(context: Context): Promise<Finding[]> {
  const { bindAddress, portRange } = context.options.ice;
  const where = `${bindAddress ?? "every address"}, port ${portRange === undefined ? "any" : portRange.join("-")}`;
  const socket = createSocket("udp4");
  try {
    await bindInRange(socket, context);
    return [ok(UDP, `UDP can be had on ${where}.`)];
  } catch (error) {
    const cause = causeOf(error);
    const fix = /EADDRNOTAVAIL/.test(cause)
      ? "Give --bind an address of this machine, or leave it out."
      : "Give --udp-ports other ports.";
    return [failure(UDP, `No UDP on ${where}: ${cause}.`, "Media travels over UDP; without it no call connects.", fix)];
  } finally {
    socket.close();
  }
}

/** Tries the ports of the range: some are in use by calls. @throws what the last one failed with. */
async function bindInRange(socket: ReturnType<typeof createSocket>, { options }: Context): Promise<void> {
  const { bindAddress, portRange } = options.ice;
  const [from, to] = portRange ?? [0, 0];
  for (let port = from; ; port++) {
    try {
      return await bind(socket, port, bindAddress);
    } catch (error) {
      if (port >= to || !/EADDRINUSE/.test(causeOf(error))) throw error;
    }
  }
}

export async function checkAddress(context: Context): Promise<Finding[]> {
  const { options, machine } = context;
  const servers = stunServers(context);
  if (servers.length === 0) {
    return [
      skipped(ADDRESS, "No STUN or TURN server over UDP to ask: name one with --stun to see the public address."),
    ];
  }
  const socket = createSocket("udp4");
  try {
    await bindInRange(socket, context);
    const seen: Address[] = [];
    for (const server of servers) {
      const mapped = await mappedAddress(socket, server, options.timeoutMs, machine.clock);
      if (mapped !== null) seen.push(mapped);
    }
    return judge(context, seen, socket.address().port, servers.map(({ host }) => host).join(", "));
  } catch (error) {
    const what = `The public address cannot be asked for: ${causeOf(error)}.`;
    return [
      warning(ADDRESS, what, "The STUN server's name is unknown here, or UDP is.", "Name another one with --stun."),
    ];
  } finally {
    socket.close();
  }
}

/** One that was named, else those that the edge gives: a TURN server answers STUN, too. Two tell the kind of NAT. */
function stunServers({ options: { stun }, learned: { nodeServers, clientServers } }: Context): IceUrl[] {
  if (stun !== null) return [parseIceUrl(`stun:${stun}`)].filter((server) => server !== null);
  const lists: IceServers[] = [nodeServers ?? [], clientServers ?? []];
  const urls = lists.flat().flatMap(({ urls: of }) => of);
  const servers = urls.map(parseIceUrl).filter((server) => server?.transport === "udp");
  const distinct = new Map(
    servers.flatMap((server) => (server == null ? [] : [[`${server.host}:${server.port}`, server]])),
  );
  return [...distinct.values()].slice(0, 2);
}

function judge({ options, machine }: Context, seen: readonly Address[], port: number, asked: string): Finding[] {
  const [mapped, other] = seen;
  if (mapped === undefined) {
    return [
      failure(
        ADDRESS,
        `No answer over UDP from ${asked}.`,
        "A firewall drops this machine's UDP, or what comes back: media would not get through either.",
        "Allow outgoing UDP and its replies; otherwise give the nodes a TURN server over TCP (EDGERTC_TURN_NODES).",
      ),
    ];
  }
  const { mode, additionalAddresses } = options.ice;
  if (machine.addresses().includes(mapped.host)) {
    return [ok(ADDRESS, `The world sees this machine as it is: ${mapped.host}.`)];
  }
  if (additionalAddresses.length > 0 && !additionalAddresses.includes(mapped.host)) {
    return [
      failure(
        ADDRESS,
        `--public-ip is ${additionalAddresses.join(", ")}, but the world sees ${mapped.host}.`,
        "Clients are given an address that is not this machine's.",
        `Give --public-ip ${mapped.host}.`,
      ),
    ];
  }
  const kept = mapped.port === port;
  if (additionalAddresses.includes(mapped.host)) {
    if (kept) return [ok(ADDRESS, `The NAT keeps ports, and --public-ip ${mapped.host} is right.`)];
    return [
      warning(
        ADDRESS,
        `The NAT changes ports: ${port} became ${mapped.port}.`,
        `Clients are told ${mapped.host}:${port}, which is this machine only where the port is forwarded.`,
        "Use a 1:1 NAT, or forward the --udp-ports one to one.",
      ),
    ];
  }
  return [behindNat(mode, mapped, other)];
}

function behindNat(mode: "full" | "lite", mapped: Address, other: Address | undefined): Finding {
  if (isPublicHost(mapped.host) === false) {
    return ok(ADDRESS, `Seen as ${mapped.host}, a private address: for calls within this network.`);
  }
  const fix = `Forward the --udp-ports one to one and give --public-ip ${mapped.host}, or give the nodes TURN (EDGERTC_TURN_NODES).`;
  if (mode === "lite") {
    const why = "ICE-lite only answers: at an address that clients cannot reach, it is never asked.";
    return failure(ADDRESS, `This machine is behind a NAT (${mapped.host}) and runs with --ice-lite.`, why, fix);
  }
  const symmetric = other !== undefined && other.port !== mapped.port;
  return warning(
    ADDRESS,
    `This machine is behind a ${symmetric ? "symmetric " : ""}NAT: the world sees ${mapped.host}.`,
    symmetric
      ? "It shows every peer another port, so that clients behind a NAT of that kind, or a firewall, cannot meet it."
      : "Clients on networks that are strict themselves cannot reach it without a relay.",
    fix,
  );
}
