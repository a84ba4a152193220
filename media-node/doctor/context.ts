/** What the doctor is given to look at, and what its checks learn on the way. */
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import type { IceServers } from "../../shared/turn.ts";
import type { Clock } from "../time/clock.ts";
import type { IceOptions } from "../transport/ice-options.ts";
import type { InstalledCodecs } from "../video/codec/installed.ts";

export interface DoctorOptions {
  /** The edge's base URL. */
  readonly edgeUrl: string;
  readonly nodeId: string;
  /** EDGERTC_NODE_SECRET; null where it is not set. */
  readonly secret: string | null;
  /** EDGERTC_ADMIN_TOKEN; null where it is not set: the doctor then sees less. */
  readonly adminToken: string | null;
  readonly ice: Pick<IceOptions, "mode" | "additionalAddresses" | "bindAddress" | "portRange">;
  /** Where clients' WebSockets reach this node, `wss://…`; null where they do not. */
  readonly publicUrl: string | null;
  /** A STUN server to ask for this machine's public address, `host` or `host:port`; null asks those the edge names. */
  readonly stun: string | null;
  /** For each single question. */
  readonly timeoutMs: number;
}

/** The machine, as far as tests need another one. */
export interface Machine {
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
  /** IPv4 addresses of the interfaces, loopback left out. */
  readonly addresses: () => readonly string[];
  readonly fetch: typeof fetch;
  readonly videoCodecs: () => Promise<InstalledCodecs>;
}

/** What the edge said. Each is null until it has, or where it would not. */
export interface Learned {
  /** How far this machine's clock is ahead of the edge's. */
  clockAheadMs: number | null;
  streams: readonly Pick<StreamDescriptor, "name">[] | null;
  /** ICE servers of clients, and of this node. */
  clientServers: IceServers | null;
  nodeServers: IceServers | null;
}

export interface Context {
  readonly options: DoctorOptions;
  readonly machine: Machine;
  readonly learned: Learned;
}
