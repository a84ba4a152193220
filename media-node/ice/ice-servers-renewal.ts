/**
 * The node's own ICE servers: asked of the edge, so that no provider's secret is on a node, and renewed at half of their
 * life, so that what a call started with lasts. What was given stays in use while the edge cannot be asked, until it expires.
 */
import * as v from "valibot";
import { NODE_ID_HEADER } from "../../shared/link.ts";
import { EDGE_TIME_HEADER } from "../../shared/node-token.ts";
import { type IceServers, NODE_ICE_SERVERS_PATH, NodeIceServersReply } from "../../shared/turn.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { Credentials } from "../link/node-credentials.ts";
import type { Clock, Timer } from "../time/clock.ts";

/** The edge gives a provider five seconds; it answers within this or not at all. */
const REQUEST_TIMEOUT_MS = 8_000;
/** After a failure, doubled with each further one. */
const RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** Servers that do not expire, or none at all: asked again after this, as the operator may have changed them. */
const RECHECK_MS = 10 * 60_000;

export interface IceServersRenewalOptions {
  readonly edgeUrl: string;
  readonly credentials: Credentials;
  readonly nodeId: string;
  readonly clock: Clock;
  /** Called with each new list, an empty one included. */
  readonly onServers: (servers: IceServers) => void;
  /** Called after each answer: whether the edge gives clients a TURN server. */
  readonly onClientsHaveTurn?: (clientsHaveTurn: boolean) => void;
  readonly log: { info(fields: object, message: string): void; error(fields: object, message: string): void };
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
}

/** `idle` before the start, `asking` while a request is out, `waiting` for the timer, `stopped` for good. */
type State =
  | { readonly name: "idle" | "stopped" }
  | { readonly name: "asking"; readonly abort: AbortController }
  | { readonly name: "waiting"; readonly timer: Timer };

interface Current {
  readonly servers: IceServers;
  /** By the clock; null: they do not expire. */
  readonly untilMs: number | null;
}

const NOTHING: Current = { servers: [], untilMs: null };

export class IceServersRenewal {
  readonly #options: IceServersRenewalOptions;
  #state: State = { name: "idle" };
  #current = NOTHING;
  #failures = 0;

  constructor(options: IceServersRenewalOptions) {
    this.#options = options;
  }

  /** Asks for the first time and goes on by itself. Settles after the first answer, or after the first failure. */
  async start(): Promise<void> {
    if (this.#state.name === "idle") await this.#ask();
  }

  stop(): void {
    if (this.#state.name === "asking") this.#state.abort.abort();
    if (this.#state.name === "waiting") this.#state.timer.cancel();
    this.#state = { name: "stopped" };
  }

  async #ask(): Promise<void> {
    const abort = new AbortController();
    this.#state = { name: "asking", abort };
    try {
      const reply = await this.#request(abort.signal);
      if (abort.signal.aborted) return;
      this.#failures = 0;
      this.#take(reply);
      this.#wait(reply.ttlSeconds === null ? RECHECK_MS : (reply.ttlSeconds * 1_000) / 2);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#fail(error);
    }
  }

  async #request(stop: AbortSignal): Promise<NodeIceServersReply> {
    const { edgeUrl, credentials, nodeId, fetch: send = fetch } = this.#options;
    const response = await send(new URL(`.${NODE_ICE_SERVERS_PATH}`, `${edgeUrl.replace(/\/$/, "")}/`), {
      headers: { authorization: await credentials.authorization(NODE_ICE_SERVERS_PATH), [NODE_ID_HEADER]: nodeId },
      signal: AbortSignal.any([stop, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
      redirect: "error",
    });
    const json: unknown = await response.json();
    if (response.ok) return v.parse(NodeIceServersReply, json);
    credentials.edgeTimeIs(response.headers.get(EDGE_TIME_HEADER));
    const refusal = v.safeParse(Refusal, json);
    // An edge of the release before has no such route, and no servers for nodes.
    if (refusal.success && refusal.output.meta.error === "not_found") return WITHOUT;
    throw new Error(refusal.success ? refusal.output.meta.message : `The edge answered ${response.status}.`);
  }

  #take({ iceServers, ttlSeconds, clientsHaveTurn }: NodeIceServersReply): void {
    const { clock, log, onClientsHaveTurn } = this.#options;
    const untilMs = ttlSeconds === null ? null : clock.nowMs() + ttlSeconds * 1_000;
    if (iceServers.length > 0) log.info({ servers: iceServers.length, ttlSeconds }, "ICE servers of this node renewed");
    this.#use({ servers: iceServers, untilMs });
    onClientsHaveTurn?.(clientsHaveTurn);
  }

  #fail(error: unknown): void {
    const { clock, log } = this.#options;
    const { servers, untilMs } = this.#current;
    const leftMs = untilMs === null ? null : untilMs - clock.nowMs();
    log.error({ err: error, leftMs: servers.length > 0 ? leftMs : 0 }, "no ICE servers for this node; asking again");
    if (leftMs !== null && leftMs <= 0) this.#use(NOTHING);
    const delayMs = Math.min(MAX_RETRY_MS, RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    // Never asleep past the end of what is in use.
    this.#wait(leftMs !== null && leftMs > 0 ? Math.min(delayMs, leftMs) : delayMs);
  }

  #use(next: Current): void {
    const changed = JSON.stringify(next.servers) !== JSON.stringify(this.#current.servers);
    this.#current = next;
    if (changed) this.#options.onServers(next.servers);
  }

  #wait(delayMs: number): void {
    const timer = this.#options.clock.after(delayMs, () => {
      this.#ask().catch((error: unknown) => this.#options.log.error({ err: error }, "asking for ICE servers failed"));
    });
    this.#state = { name: "waiting", timer };
  }
}

const Refusal = v.object({ meta: v.object({ error: v.string(), message: v.string() }) });

const WITHOUT: NodeIceServersReply = {
  protocol: PROTOCOL_VERSION,
  iceServers: [],
  ttlSeconds: null,
  clientsHaveTurn: false,
};
