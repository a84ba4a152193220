/** Decides who gets which ICE servers: clients and media nodes, each from the source configured for them. */
import type { RtcConfiguration, StreamDescriptor } from "../../shared/descriptor.ts";
import {
  DEFAULT_NODE_TURN_TTL_SECONDS,
  hasTurnServer,
  type NodeIceServersReply,
  type TurnReply,
} from "../../shared/turn.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { Env } from "../env.ts";
import { log, reasonOf } from "../log.ts";
import type { ProviderFetch } from "./call-provider.ts";
import { providerFromEnv, ttlFromEnv } from "./from-env.ts";
import { type MintedConfiguration, TurnFailure, type TurnProvider } from "./provider.ts";
import { asProvider, type RtcConfigurationSource } from "./source.ts";
import { clientTtlSeconds } from "./ttl.ts";

export interface TurnOptions {
  /** What clients get, over every stream's own. Default: the provider that EDGERTC_TURN names. */
  readonly rtcConfiguration?: RtcConfigurationSource;
  /** What media nodes get for themselves. Default: the provider that EDGERTC_TURN_NODES names, else nothing. */
  readonly serverRtcConfiguration?: RtcConfigurationSource;
  /** Makes the requests to providers that the variables name. Default: the platform's `fetch`. */
  readonly fetch?: ProviderFetch;
}

/** Whom a client's request is about. */
export interface TurnClient {
  readonly stream: string | null;
  readonly descriptor: StreamDescriptor | null;
}

export class TurnService {
  readonly #options: TurnOptions;
  /** Providers whose maximum was exceeded: said once. At most one entry for each configured source. */
  readonly #warned = new Set<string>();

  constructor(options: TurnOptions) {
    this.#options = options;
  }

  /** Whether clients are given ICE servers by the edge: what a stream's `/config` says. A broken configuration counts. */
  offersTurn(env: Env, descriptor: StreamDescriptor): boolean {
    const { rtcConfiguration } = this.#options;
    if (rtcConfiguration !== undefined) return mayRelay(rtcConfiguration);
    if (isSet(env.EDGERTC_TURN)) return true;
    return hasTurnServer(descriptor.rtcConfiguration?.iceServers ?? []);
  }

  /** Whether there is anything to give this client. @throws TurnFailure `turn_misconfigured` */
  hasProvider(env: Env, client: TurnClient): boolean {
    return this.#clientProvider(env, client) !== null;
  }

  /** @throws TurnFailure */
  async forClient(env: Env, client: TurnClient): Promise<TurnReply> {
    const { stream, descriptor } = client;
    const provider = this.#clientProvider(env, client);
    if (provider === null) throw new TurnFailure("turn_not_configured", "This edge has no TURN server.");
    const wanted = clientTtlSeconds(ttlFromEnv(env, "EDGERTC_TURN_TTL_SECONDS"), descriptor?.timeLimit ?? null);
    const { configuration, ttlSeconds } = await this.#mint(provider, wanted, labelFor(stream ?? "root"));
    return { ...configuration, ttlSeconds };
  }

  /** Never fails for want of a configuration: most nodes need no TURN server of their own. @throws TurnFailure */
  async forNode(env: Env, nodeId: string): Promise<NodeIceServersReply> {
    const { serverRtcConfiguration, rtcConfiguration, fetch } = this.#options;
    const provider =
      serverRtcConfiguration === undefined
        ? providerFromEnv(env, "EDGERTC_TURN_NODES", fetch)
        : asProvider(serverRtcConfiguration, "serverRtcConfiguration", { stream: null, nodeId, env });
    const clientsHaveTurn = rtcConfiguration === undefined ? isSet(env.EDGERTC_TURN) : mayRelay(rtcConfiguration);
    const base = { protocol: PROTOCOL_VERSION, clientsHaveTurn };
    if (provider === null) return { ...base, iceServers: [], ttlSeconds: null };
    const wanted = ttlFromEnv(env, "EDGERTC_TURN_NODES_TTL_SECONDS") ?? DEFAULT_NODE_TURN_TTL_SECONDS;
    const { configuration, ttlSeconds } = await this.#mint(provider, wanted, labelFor(nodeId));
    return { ...base, iceServers: configuration.iceServers, ttlSeconds };
  }

  /** The operator's word goes before the stream's. */
  #clientProvider(env: Env, { stream, descriptor }: TurnClient): TurnProvider | null {
    const { rtcConfiguration, fetch } = this.#options;
    const context = { stream, nodeId: null, env };
    if (rtcConfiguration !== undefined) return asProvider(rtcConfiguration, "rtcConfiguration", context);
    const own = descriptor?.rtcConfiguration ?? null;
    const operators = providerFromEnv(env, "EDGERTC_TURN", fetch);
    return operators ?? (own === null ? null : asProvider(own, "the stream's rtcConfiguration", context));
  }

  async #mint(
    provider: TurnProvider,
    wanted: number,
    label: string,
  ): Promise<{ readonly configuration: MintedConfiguration; readonly ttlSeconds: number | null }> {
    const { name, maxTtlSeconds } = provider;
    const ttlSeconds = Math.min(wanted, maxTtlSeconds ?? wanted);
    if (ttlSeconds < wanted && !this.#warned.has(name)) {
      this.#warned.add(name);
      log("warn", "turn_ttl_clamped", { provider: name, wantedSeconds: wanted, maxSeconds: ttlSeconds });
    }
    try {
      const configuration = await provider.mint({ ttlSeconds, label });
      return { configuration, ttlSeconds: maxTtlSeconds === null ? null : ttlSeconds };
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? { cause: reasonOf(error.cause) } : {};
      log("error", "turn_failed", { provider: name, reason: reasonOf(error), ...cause });
      throw error;
    }
  }
}

/** A function or a provider is taken at its word; a list is looked at. */
function mayRelay(source: RtcConfigurationSource): boolean {
  if (typeof source === "function" || "mint" in source) return true;
  return hasTurnServer((source satisfies RtcConfiguration).iceServers ?? []);
}

function isSet(choice: string | undefined): boolean {
  const value = choice?.trim().toLowerCase() ?? "";
  return value !== "" && value !== "off";
}

/** A name no other request has: its credentials are one client's, and the operator sees which stream's. */
function labelFor(whom: string): string {
  return `${whom}-${crypto.randomUUID().slice(0, 8)}`;
}
