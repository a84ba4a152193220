/** The Worker's bindings (wrangler.toml), and how its objects are named. */
import type { TelephoneVariables } from "../shared/telephone/variables.ts";
import type { TurnVariables } from "../shared/turn.ts";
import type { DirectoryApi, GatewayApi, MediaNodeApi, SessionApi, StreamApi } from "./rpc.ts";

type ObjectsWith<Api> = DurableObjectNamespace<Api & Rpc.DurableObjectBranded>;

export interface Env extends TurnVariables, TelephoneVariables {
  readonly DIRECTORY: ObjectsWith<DirectoryApi>;
  readonly STREAM: ObjectsWith<StreamApi>;
  readonly SESSION: ObjectsWith<SessionApi>;
  readonly MEDIA_NODE: ObjectsWith<MediaNodeApi>;
  /** The telephone gateway (docs/telephone.md). Absent in a Worker of one's own that does without. */
  readonly GATEWAY?: ObjectsWith<GatewayApi>;
  /** The built-in page. Absent where it was not built. */
  readonly ASSETS?: Fetcher;
  /** Shared by the edge and its media nodes. */
  readonly EDGERTC_NODE_SECRET?: string;
  /** Signs join tokens, 32 characters or more; the application's backend has it, too (docs/security.md). */
  readonly EDGERTC_TOKEN_SECRET?: string;
  /** `true`: every call needs a join token. Default: those of streams that say so. */
  readonly EDGERTC_REQUIRE_TOKEN?: string;
  /** `true`: sessions have secrets of their own, and nodes must not send theirs (docs/security.md). Default: as FastRTC. */
  readonly EDGERTC_STRICT?: string;
  /** Opens the operators' API and page; without it they are off. */
  readonly EDGERTC_ADMIN_TOKEN?: string;
  /** Takes numbers of offers and sessions (worker/analytics.ts). */
  readonly ANALYTICS?: AnalyticsEngineDataset;
  /** Origins whose pages may call, separated by commas. Default: any. */
  readonly EDGERTC_ALLOWED_ORIGINS?: string;
  /** Counts the offers of an address. */
  readonly OFFER_LIMITER?: RateLimit;
  /** Counts whatever else an address asks of a stream: candidates, inputs, outputs, places in line. */
  readonly REQUEST_LIMITER?: RateLimit;
  /** Counts what an address asks of `GET /turn`. */
  readonly TURN_LIMITER?: RateLimit;
}

export const isStrict = ({ EDGERTC_STRICT }: Env): boolean => isOn(EDGERTC_STRICT);

/** A switch among the variables: `true`, `1`, `on` or `yes`. */
export const isOn = (value: string | undefined): boolean => /^(?:true|1|on|yes)$/i.test(value?.trim() ?? "");

/** Object names start with a tenant; there is one so far. */
const TENANT = "default";

// A new stub for each call: one is broken for good once its object was reset.
export const directoryOf = (env: Env): DirectoryApi => env.DIRECTORY.getByName(TENANT);
export const streamOf = (env: Env, stream: string): StreamApi => env.STREAM.getByName(`${TENANT}/${stream}`);
/** The stream whose object this is the id of; null for an object that was not made by its name. */
export const streamNameOf = (id: DurableObjectId): string | null => id.name?.slice(TENANT.length + 1) ?? null;
export const sessionOf = (env: Env, stream: string, clientId: string): SessionApi =>
  env.SESSION.getByName(`${TENANT}/${stream}/${clientId}`);
export const mediaNodeOf = (env: Env, nodeId: string): MediaNodeApi => env.MEDIA_NODE.getByName(`${TENANT}/${nodeId}`);
/** Null where the telephone gateway is off. */
export const gatewayOf = (env: Env): GatewayApi | null =>
  (env.EDGERTC_GATEWAY_NUMBER?.trim() ?? "") === "" ? null : (env.GATEWAY?.getByName(TENANT) ?? null);
