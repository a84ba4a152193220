/**
 * Proves that a TURN server relays: makes an allocation, then sends data through it from a socket of this machine, and
 * back. Before that, it lets the relay send first: what arrives then has come through no hole that this machine made.
 */
import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import type { Clock } from "../time/clock.ts";
import { type Address, bind } from "./stun/channel.ts";
import type { IceUrl } from "./stun/ice-url.ts";
import { mappedAddress } from "./stun/mapped-address.ts";
import { StunError } from "./stun/stun-client.ts";
import { type Credentials, TurnAllocation } from "./stun/turn-allocation.ts";

/** UDP is repeated a few times: one packet that is lost on the way is no finding. */
const TRIES = 4;
const TRY_MS = 250;

export interface RelayProbeOptions extends Credentials {
  readonly server: IceUrl;
  /** Where this machine's peer socket is bound; default anywhere. */
  readonly bindAddress: string | undefined;
  /** For each request to the server. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * - `relayed`: `through` is this machine's own UDP, or a second allocation where that gets no packet out.
 * - `peer_forbidden`: the relay works, and will not talk to this machine's address.
 * - `silent`: an allocation was made, and no data came through it.
 */
export type RelayResult =
  | {
      readonly result: "relayed";
      readonly relayed: Address;
      readonly roundTripMs: number;
      readonly through: "socket" | "second_allocation";
      /** Whether a packet that nobody asked for reached this machine. Null where it could not be tried. */
      readonly inboundOpen: boolean | null;
    }
  | { readonly result: "peer_forbidden"; readonly relayed: Address; readonly peer: string }
  | { readonly result: "silent"; readonly relayed: Address };

/** @throws StunError, StunTimeout, or why the server cannot be reached. */
export async function probeRelay(options: RelayProbeOptions): Promise<RelayResult> {
  const allocation = await TurnAllocation.open(options);
  const peer = createSocket("udp4");
  try {
    await bind(peer, 0, options.bindAddress);
    return await throughSocket(allocation, peer, options);
  } finally {
    peer.close();
    await allocation.close();
  }
}

async function throughSocket(
  allocation: TurnAllocation,
  peer: Socket,
  options: RelayProbeOptions,
): Promise<RelayResult> {
  const { clock } = options;
  const { relayed } = allocation;
  const own = await ownAddress(peer, allocation, options);
  try {
    await allocation.permit(own.host);
  } catch (error) {
    if (error instanceof StunError && error.code === 403) return { result: "peer_forbidden", relayed, peer: own.host };
    throw error;
  }
  const link = new PeerLink(allocation, peer, clock);
  const inboundOpen = own.port === 0 ? null : await link.toPeer(own);
  const startMs = clock.nowMs();
  const from = await link.toRelay(relayed);
  if (from !== null && (await link.toPeer(from))) {
    return { result: "relayed", relayed, roundTripMs: clock.nowMs() - startMs, through: "socket", inboundOpen };
  }
  return await throughSecond(allocation, options);
}

/** This machine may send no UDP at all: two allocations that talk to each other prove that the server relays. */
async function throughSecond(first: TurnAllocation, options: RelayProbeOptions): Promise<RelayResult> {
  const { clock } = options;
  const { relayed } = first;
  const second = await TurnAllocation.open(options);
  try {
    await Promise.all([first.permit(second.relayed.host), second.permit(relayed.host)]);
    const startMs = clock.nowMs();
    const there = await repeat(clock, (mark, arrived) => {
      second.onData = (_, data) => arrived(data.equals(mark));
      first.send(second.relayed, mark);
    });
    const back = await repeat(clock, (mark, arrived) => {
      first.onData = (_, data) => arrived(data.equals(mark));
      second.send(relayed, mark);
    });
    if (!there || !back) return { result: "silent", relayed };
    const roundTripMs = clock.nowMs() - startMs;
    return { result: "relayed", relayed, roundTripMs, through: "second_allocation", inboundOpen: null };
  } catch (error) {
    // Some relays do not talk to themselves.
    if (error instanceof StunError) return { result: "silent", relayed };
    throw error;
  } finally {
    await second.close();
  }
}

/** Where the peer socket is, as the TURN server sees it. Port 0: only the host is known. */
async function ownAddress(
  peer: Socket,
  { mapped }: TurnAllocation,
  { server, timeoutMs, clock }: RelayProbeOptions,
): Promise<Address> {
  if (server.transport !== "udp") return { host: mapped.host, port: 0 };
  const own = await mappedAddress(peer, server, Math.min(timeoutMs, TRIES * TRY_MS), clock);
  return own ?? { host: mapped.host, port: 0 };
}

/** Marked packets between the allocation and the peer socket. */
class PeerLink {
  readonly #allocation: TurnAllocation;
  readonly #peer: Socket;
  readonly #clock: Clock;

  constructor(allocation: TurnAllocation, peer: Socket, clock: Clock) {
    this.#allocation = allocation;
    this.#peer = peer;
    this.#clock = clock;
  }

  /** @returns whether it arrived at the peer socket. */
  async toPeer(to: Address): Promise<boolean> {
    const arrived = await repeat(this.#clock, (mark, found) => {
      this.#peer.removeAllListeners("message").on("message", (data) => found(data.equals(mark)));
      this.#allocation.send(to, mark);
    });
    return arrived === true;
  }

  /** @returns from where the relay saw it come; null if it did not. */
  async toRelay(to: Address): Promise<Address | null> {
    let from: Address | null = null;
    await repeat(this.#clock, (mark, found) => {
      this.#allocation.onData = (address, data) => {
        if (data.equals(mark)) from = address;
        found(data.equals(mark));
      };
      this.#peer.send(mark, to.port, to.host);
    });
    return from;
  }
}

/** Sends a few times, each with the same mark, until it has arrived. */
async function repeat(clock: Clock, send: (mark: Buffer, found: (isIt: boolean) => void) => void): Promise<boolean> {
  const mark = Buffer.concat([Buffer.from("edgertc-doctor-"), randomBytes(8)]);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  for (let turn = 0; turn < TRIES; turn++) {
    send(mark, (isIt) => {
      if (isIt) resolve(true);
    });
    const wait = Promise.withResolvers<boolean>();
    const timer = clock.after(TRY_MS, () => wait.resolve(false));
    const arrived = await Promise.race([promise, wait.promise]);
    timer.cancel();
    if (arrived) return true;
  }
  return false;
}
