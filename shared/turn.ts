/** TURN: what `GET /turn` tells a client, what `GET /node/ice-servers` tells a media node, and how the edge is configured. */
import * as v from "valibot";
import { IceServer, RtcConfiguration } from "./descriptor.ts";

/** Seconds that a client's credentials are valid unless the operator or a longer time limit says otherwise; FastRTC's. */
export const DEFAULT_TURN_TTL_SECONDS = 600;
/** Seconds that a media node's credentials are valid: they are renewed at half of it, and outlive the calls made with them. */
export const DEFAULT_NODE_TURN_TTL_SECONDS = 86_400;
/** Shorter credentials could be over before a call has connected. */
export const MIN_TURN_TTL_SECONDS = 60;

/** ICE servers of one configuration. More: the provider's reply counts as unusable. Twilio sends four. */
export const MAX_ICE_SERVERS = 16;
/** URLs of one ICE server. Cloudflare sends eight. */
export const MAX_ICE_SERVER_URLS = 16;

/** Path a media node asks for its own ICE servers, with the node link's headers. */
export const NODE_ICE_SERVERS_PATH = "/node/ice-servers";

/** How the edge is told where TURN comes from: the names are those of FastRTC where it has one. docs/turn.md says more. */
export const TURN_VARIABLES = [
  "EDGERTC_TURN",
  "EDGERTC_TURN_TTL_SECONDS",
  "EDGERTC_TURN_NODES",
  "EDGERTC_TURN_NODES_TTL_SECONDS",
  "EDGERTC_TURN_URLS",
  "EDGERTC_TURN_SECRET",
  "EDGERTC_TURN_USER",
  "EDGERTC_TURN_SERVERS",
  "CLOUDFLARE_TURN_KEY_ID",
  "CLOUDFLARE_TURN_KEY_API_TOKEN",
  "HF_TOKEN",
  "TWILIO_ACCOUNT_SID",
  "TWILIO_AUTH_TOKEN",
] as const;
export type TurnVariable = (typeof TURN_VARIABLES)[number];
export type TurnVariables = { readonly [Name in TurnVariable]?: string };

/** An ICE server list of bounded size, every URL of a scheme that ICE knows. */
const urlOfServer = v.pipe(v.string(), v.maxLength(512), v.regex(/^(?:stuns?|turns?):\S+$/i));
export const BoundedIceServers = v.pipe(
  v.array(
    v.object({
      ...IceServer.entries,
      urls: v.union([urlOfServer, v.pipe(v.array(urlOfServer), v.minLength(1), v.maxLength(MAX_ICE_SERVER_URLS))]),
    }),
  ),
  v.maxLength(MAX_ICE_SERVERS),
);
export type IceServers = v.InferOutput<typeof BoundedIceServers>;

/** Reply of `GET /turn`: an `RTCConfiguration`, and how long it is good for. */
export const TurnReply = v.object({
  ...RtcConfiguration.entries,
  iceServers: BoundedIceServers,
  /** Null: the servers need no credentials that expire. */
  ttlSeconds: v.nullable(v.number()),
});
export type TurnReply = v.InferOutput<typeof TurnReply>;

/** Reply of {@link NODE_ICE_SERVERS_PATH}. */
export const NodeIceServersReply = v.object({
  protocol: v.pipe(v.number(), v.integer()),
  /** Empty where the edge is configured to give nodes none. */
  iceServers: BoundedIceServers,
  /** Null: they do not expire. */
  ttlSeconds: v.nullable(v.pipe(v.number(), v.minValue(1))),
  /** Whether the edge gives clients a TURN server. */
  clientsHaveTurn: v.boolean(),
});
export type NodeIceServersReply = v.InferOutput<typeof NodeIceServersReply>;

/** True for a list with a relay in it, STUN alone being none. */
export function hasTurnServer(servers: NonNullable<RtcConfiguration["iceServers"]>): boolean {
  return servers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/i.test(url)));
}
