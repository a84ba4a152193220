/**
 * Where the clients of sessions over WebSockets go: to this node's own media server, with a ticket, if it has an address that
 * the edge can reach; else the session's process dials the edge, which bridges.
 */
import { MEDIA_SOCKET_PATH, NODE_ID_HEADER, NODE_MEDIA_PATH, type ReplyBody } from "../../shared/link.ts";
import type { Credentials } from "../link/node-credentials.ts";
import type { ShardPool } from "../shard/shard-pool.ts";
import type { SocketOffer } from "../shard/socket-kinds.ts";
import type { Clock } from "../time/clock.ts";
import { type MediaServer, startMediaServer } from "./media-server.ts";
import { SocketTickets } from "./socket-tickets.ts";

/** The edge comes with a ticket at once; a telephone provider when it has been told where to. */
const TICKET_LIFETIME_MS = 30_000;

/** Where the node listens for media, and how it is reached there. */
export interface MediaAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** `wss://…` as it is reached from outside, with a path if a proxy wants one. Default: as it listens. */
  readonly publicUrl?: string;
}

export interface MediaSocketsOptions {
  /** Absent: nobody can reach this node. */
  readonly address: MediaAddress | undefined;
  readonly edgeUrl: string;
  readonly nodeId: string;
  readonly credentials: Credentials;
  readonly pool: Pick<ShardPool, "handSocket" | "dialSocket">;
  readonly clock: Clock;
}

export class MediaSockets {
  readonly #options: MediaSocketsOptions;
  readonly #tickets: SocketTickets;
  readonly #server: MediaServer | undefined;
  /** Without a slash at the end; undefined where clients are bridged. */
  readonly publicUrl: string | undefined;

  private constructor(options: MediaSocketsOptions, tickets: SocketTickets, server: MediaServer | undefined) {
    this.#options = options;
    this.#tickets = tickets;
    this.#server = server;
    const { address } = options;
    const own = `ws://${address?.host}:${server?.port}`;
    this.publicUrl = server === undefined ? undefined : (address?.publicUrl ?? own).replace(/\/$/, "");
  }

  /** @throws Error where the port is taken. */
  static async start(options: MediaSocketsOptions): Promise<MediaSockets> {
    const { address, nodeId, clock, pool } = options;
    const tickets = new SocketTickets(clock, TICKET_LIFETIME_MS);
    if (address === undefined) return new MediaSockets(options, tickets, undefined);
    const server = await startMediaServer({
      ...address,
      nodeId,
      take: (ticket) => tickets.take(ticket),
      onSocket: (sid, request, socket) => pool.handSocket(sid, request, socket),
    });
    return new MediaSockets(options, tickets, server);
  }

  /** A session is there: lets its client come. @returns the reply to the edge. */
  async admit(offer: SocketOffer, reply: ReplyBody): Promise<ReplyBody> {
    if (!reply.ok) return reply;
    const { sid } = offer;
    if (this.publicUrl !== undefined) {
      return { ...reply, socketUrl: `${this.publicUrl}${MEDIA_SOCKET_PATH}/${this.#tickets.mint(sid)}` };
    }
    const { edgeUrl, nodeId, credentials, pool } = this.#options;
    const { stream, clientId } = offer;
    // The edge may be mounted under a path.
    const url = new URL(`.${NODE_MEDIA_PATH}`, `${edgeUrl.replace(/\/$/, "")}/`);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.search = new URLSearchParams({ sid, stream, clientId }).toString();
    const authorization = await credentials.authorization(NODE_MEDIA_PATH);
    pool.dialSocket(sid, url.href, { authorization, [NODE_ID_HEADER]: nodeId });
    return reply;
  }

  stop(): void {
    this.#server?.stop();
  }
}
