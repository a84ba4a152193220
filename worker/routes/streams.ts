/** What the edge tells about streams: `GET /streams`, `/config`. */
import type { Context } from "hono";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import { streamPath } from "../../shared/ids.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { DirectoryCache } from "../directory-cache.ts";
import { directoryOf, type Env, streamOf } from "../env.ts";
import { callObject } from "../objects/call.ts";
import type { TurnService } from "../turn/service.ts";
import { refuse } from "./reply.ts";
import { findStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

/** One line of `GET /streams`. */
export interface StreamListing {
  readonly name: string;
  /** Prefix of its routes: "" for the default stream. */
  readonly path: string;
  readonly modality: StreamDescriptor["modality"];
  readonly mode: StreamDescriptor["mode"];
  readonly title: string | null;
  /** Sessions at once. */
  readonly limit: number;
  /** Sessions at the moment. */
  readonly active: number;
  /** Media nodes that take sessions. */
  readonly nodesReady: number;
}

export async function getStreams(c: Context<EdgeEnv>): Promise<Response> {
  const streams = await callObject(() => directoryOf(c.env).list({ v: PROTOCOL_VERSION }));
  return c.json(await Promise.all(streams.map((descriptor) => listing(c.env, descriptor))));
}

export async function getConfig(c: Context<EdgeEnv>, directory: DirectoryCache, turn: TurnService): Promise<Response> {
  const found = await findStream(c, directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  if (found.kind === "nothing_registered") return refuse("no_media_node");
  // An operator's limit goes before the descriptor's.
  const { limit } = await callObject(() => streamOf(c.env, found.name).status({ v: PROTOCOL_VERSION }));
  // Which headers the handler looks at is no client's business.
  const { requestHeaders: _, ...shown } = found.descriptor;
  const descriptor = { ...shown, concurrencyLimit: limit ?? shown.concurrencyLimit };
  return c.json({ ...descriptor, turn: turn.offersTurn(c.env, descriptor), protocol: PROTOCOL_VERSION });
}

async function listing(env: Env, descriptor: StreamDescriptor): Promise<StreamListing> {
  const { name, modality, mode, concurrencyLimit, ui } = descriptor;
  const status = await callObject(() => streamOf(env, name).status({ v: PROTOCOL_VERSION }));
  return {
    name,
    path: streamPath(name),
    modality,
    mode,
    title: ui.title ?? null,
    limit: status.limit ?? concurrencyLimit,
    active: status.active,
    nodesReady: status.nodesReady,
  };
}
