/** Configurations as app developers give them: a value, a function, or a provider. All become providers. */
import * as v from "valibot";
import { RtcConfiguration } from "../../shared/descriptor.ts";
import { BoundedIceServers } from "../../shared/turn.ts";
import type { Env } from "../env.ts";
import { PROVIDER_TIMEOUT_MS } from "./call-provider.ts";
import { type MintedConfiguration, TurnFailure, type TurnProvider } from "./provider.ts";

/** Whom a configuration is for. */
export interface RtcConfigurationRequest {
  /** The client's stream; null for the root path of an edge without a default stream, and for nodes. */
  readonly stream: string | null;
  /** The media node; null for clients. */
  readonly nodeId: string | null;
  /** Seconds that credentials should be valid. */
  readonly ttlSeconds: number;
  readonly env: Env;
}

export type RtcConfigurationFunction = (
  request: RtcConfigurationRequest,
) => RtcConfiguration | Promise<RtcConfiguration>;

/** FastRTC's `rtc_configuration`: a value, or a function that is called for every client. Or one of our providers. */
export type RtcConfigurationSource = RtcConfiguration | RtcConfigurationFunction | TurnProvider;

/** @param option the name under which it was given, for errors. */
export function asProvider(
  source: RtcConfigurationSource,
  option: string,
  context: Omit<RtcConfigurationRequest, "ttlSeconds">,
): TurnProvider {
  if (typeof source === "function") return functionTurn(source, option, context);
  return "mint" in source ? source : staticTurn(source, option);
}

/** A list that stays as it is. It may be empty or without TURN: that is what was asked for. */
export function staticTurn(configuration: unknown, name: string): TurnProvider {
  return {
    name,
    maxTtlSeconds: null,
    mint: async () => {
      const checked = check(configuration);
      if (checked === null) throw new TurnFailure("turn_misconfigured", `${name} is no RTCConfiguration.`);
      return checked;
    },
  };
}

function functionTurn(
  source: RtcConfigurationFunction,
  name: string,
  context: Omit<RtcConfigurationRequest, "ttlSeconds">,
): TurnProvider {
  return {
    name,
    maxTtlSeconds: Number.POSITIVE_INFINITY,
    mint: async ({ ttlSeconds }) => {
      const returned = await inTime(async () => await source({ ...context, ttlSeconds }), name);
      const checked = check(returned);
      if (checked === null) throw new TurnFailure("turn_unavailable", `${name} returned no RTCConfiguration.`);
      return checked;
    },
  };
}

async function inTime<T>(work: () => Promise<T>, name: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new TurnFailure("turn_unavailable", `${name} took longer than ${PROVIDER_TIMEOUT_MS} ms.`));
  }, PROVIDER_TIMEOUT_MS);
  try {
    return await Promise.race([work(), late.promise]);
  } catch (cause) {
    if (cause instanceof TurnFailure) throw cause;
    // What a developer's function throws may hold anything: it is for the log, not for clients.
    throw new TurnFailure("turn_unavailable", `${name} failed.`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

const Configuration = v.object({ ...RtcConfiguration.entries, iceServers: v.optional(BoundedIceServers, []) });

function check(raw: unknown): MintedConfiguration | null {
  const parsed = v.safeParse(Configuration, raw);
  return parsed.success ? parsed.output : null;
}
