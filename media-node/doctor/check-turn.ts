/** TURN: whether clients are given any, and whether each server really relays. */
import * as v from "valibot";
import { DEFAULT_STREAM, streamPath } from "../../shared/ids.ts";
import { hasTurnServer, type IceServers, TurnReply } from "../../shared/turn.ts";
import { isPublicHost } from "../ice/public-host.ts";
import { ask, causeOf } from "./ask.ts";
import type { Context } from "./context.ts";
import { type Finding, failure, ok, skipped, warning } from "./finding.ts";
import { probeRelay, type RelayResult } from "./relay-probe.ts";
import { type IceUrl, parseIceUrl } from "./stun/ice-url.ts";
import { StunError, StunTimeout } from "./stun/stun-client.ts";
import type { Credentials } from "./stun/turn-allocation.ts";

const CHECK = "turn";

/** A provider names a handful of ways to the same relay; past this they are not tried. */
const MAX_PROBED = 8;

/** What `GET /turn` gives clients. */
export async function checkTurn(context: Context): Promise<Finding[]> {
  // Credentials are for calls of a stream; the first one will do.
  const reply = await ask(context, `${streamPath(context.learned.streams?.[0]?.name ?? DEFAULT_STREAM)}/turn`);
  if (reply.kind === "refused" && reply.code === "turn_not_configured") return [none(context.options.edgeUrl)];
  if (reply.kind === "refused") return [failure(CHECK, reply.what, `The edge says ${reply.code}.`, reply.fix)];
  const parsed = reply.kind === "json" ? v.safeParse(TurnReply, reply.json) : null;
  if (parsed?.success !== true) {
    return [failure(CHECK, "GET /turn gives no ICE servers.", "The edge fails inside.", "Look at the edge's log.")];
  }
  const { iceServers, ttlSeconds } = parsed.output;
  context.learned.clientServers = iceServers;
  if (!hasTurnServer(iceServers)) return [none(context.options.edgeUrl)];
  const life = ttlSeconds === null ? "that do not expire" : `for ${ttlSeconds} s`;
  return [ok(CHECK, `Clients get TURN credentials ${life}.`)];
}

function none(edgeUrl: string): Finding {
  if (!isPublicHost(new URL(edgeUrl).hostname))
    return ok(CHECK, "Clients get no TURN server: on a local network none is needed.");
  return warning(
    CHECK,
    "Clients get no TURN server.",
    "Networks that let no UDP through, one in ten, cannot call.",
    "Set EDGERTC_TURN on the edge: docs/turn.md says how.",
  );
}

/** Has every TURN server of clients and of this node relay something. */
export async function checkRelays(context: Context): Promise<Finding[]> {
  const { clientServers, nodeServers } = context.learned;
  const relays = new Map([...relaysOf(clientServers ?? []), ...relaysOf(nodeServers ?? [])]);
  if (relays.size === 0) return [skipped("relay", "There is no TURN server to try.")];
  const findings: Finding[] = [];
  // One after the other: a relay that is shared by many URLs is not to be flooded.
  for (const [url, { server, credentials }] of [...relays].slice(0, MAX_PROBED)) {
    findings.push(await checkRelay(context, url, server, credentials));
  }
  return findings;
}

interface Relay {
  readonly server: IceUrl;
  readonly credentials: Credentials;
}

/** By URL: the same one is tried once, with whichever credentials came first. */
function relaysOf(servers: IceServers): [string, Relay][] {
  return servers.flatMap(({ urls, username = "", credential = "" }) =>
    [urls].flat().flatMap((url): [string, Relay][] => {
      const server = parseIceUrl(url);
      return server?.kind === "turn" ? [[url, { server, credentials: { username, credential } }]] : [];
    }),
  );
}

async function checkRelay(context: Context, url: string, server: IceUrl, credentials: Credentials): Promise<Finding> {
  const { options, machine } = context;
  const { bindAddress } = options.ice;
  try {
    const probe = { server, ...credentials, bindAddress, timeoutMs: options.timeoutMs, clock: machine.clock };
    return judge(url, server, await probeRelay(probe));
  } catch (error) {
    return explain(url, server, error);
  }
}

function judge(url: string, server: IceUrl, probe: RelayResult): Finding {
  const { relayed } = probe;
  if (isPublicHost(server.host) && !isPublicHost(relayed.host)) {
    return failure(
      "relay",
      `${url} hands out a private address: ${relayed.host}.`,
      "It is behind a NAT and does not know its public side, so that nobody outside reaches what it relays.",
      "Give coturn its external-ip: PUBLIC/PRIVATE.",
    );
  }
  switch (probe.result) {
    case "relayed": {
      const { through, roundTripMs, inboundOpen } = probe;
      const trip = `${url} relays: there and back in ${Math.round(roundTripMs)} ms`;
      if (through === "second_allocation")
        return ok("relay", `${trip}, between two allocations: no UDP of this machine got there.`);
      if (inboundOpen === null) return ok("relay", `${trip}.`);
      return ok("relay", `${trip}; UDP that nobody asked for ${inboundOpen ? "gets" : "does not get"} in here.`);
    }
    case "peer_forbidden":
      return failure(
        "relay",
        `${url} refuses to relay to this machine (${probe.peer}).`,
        "TURN servers are told not to relay into private networks; a client that needs the relay cannot reach this node.",
        "Put the node's address into coturn's allowed-peer-ip (TURN_ALLOWED_PEERS), or give the node a public one.",
      );
    case "silent":
      return failure(
        "relay",
        `${url} made an allocation, and relayed nothing.`,
        `What is sent to ${relayed.host}:${relayed.port} does not come out: a firewall closes the relay's ports.`,
        "Open the relay's UDP ports (coturn: min-port to max-port, 49152-65535 by default) on the TURN server.",
      );
  }
}

function explain(url: string, server: IceUrl, error: unknown): Finding {
  if (error instanceof StunError) {
    const { why, fix } = EXPLAINED[error.code] ?? { why: "Its own words.", fix: "Look at the TURN server's log." };
    return failure("relay", `${url} refused: ${error.code} ${error.message}.`, why, fix);
  }
  const way = server.transport.toUpperCase();
  if (error instanceof StunTimeout) {
    return failure(
      "relay",
      `${url} does not answer over ${way}.`,
      "It is not running, a firewall drops the way there, or what answers does not know the password either.",
      `Start it; open ${way} port ${server.port} on it.`,
    );
  }
  return failure(
    "relay",
    `${url} cannot be reached over ${way}: ${causeOf(error)}.`,
    "The name is unknown, nothing listens on the port, or its certificate is not valid.",
    `Check the URL; start the server; open ${way} port ${server.port}.`,
  );
}

/** RFC 8489 and RFC 8656. */
const EXPLAINED: Readonly<Record<number, { readonly why: string; readonly fix: string }>> = {
  400: { why: "It found the request malformed: it may not be a TURN server.", fix: "Check the URL." },
  401: {
    why: "The credentials are wrong, or over: secrets that differ, or a clock of edge or TURN server that is off.",
    fix: "Give edge (EDGERTC_TURN_SECRET) and server the same secret; synchronise their clocks.",
  },
  403: { why: "It does not allow this.", fix: "Look at its rules: coturn's denied-peer-ip and allowed-peer-ip." },
  437: { why: "It has an allocation of this socket already.", fix: "Try again in a minute." },
  441: { why: "The credentials are of somebody else's allocation.", fix: "Try again in a minute." },
  442: { why: "It does not relay UDP.", fix: "Turn UDP relaying on." },
  486: { why: "The user has as many allocations as it may.", fix: "Raise coturn's user-quota, or wait." },
  508: { why: "It has no relay ports left.", fix: "Give coturn more: min-port and max-port, or a second server." },
};
