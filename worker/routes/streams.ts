/** What the edge tells about streams and sessions: `GET /streams`, `/config`, `/sessions/<webrtc_id>`. */
import type { Context } from "hono";
import * as v from "valibot";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import { failedBody } from "../../shared/errors.ts";
import { ClientId, streamPath } from "../../shared/ids.ts";
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
  const { descriptor } = found;
  return c.json({ ...descriptor, turn: turn.offersTurn(c.env, descriptor), protocol: PROTOCOL_VERSION });
}

/** How a session stands. Only what its own client knows anyway: ids of clients can be guessed. */
export async function getSession(c: Context<EdgeEnv>, directory: DirectoryCache): Promise<Response> {
  const found = await findStream(c, directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  const clientId = c.req.param("id");
  if (found.kind === "nothing_registered" || !v.is(ClientId, clientId)) return unknownSession(c);
  const info = await callObject(() => streamOf(c.env, found.name).find({ v: PROTOCOL_VERSION, clientId }));
  if (info === null) return unknownSession(c);
  return c.json(info.state === "ended" ? { state: info.state, reason: info.reason } : { state: info.state });
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

/** The catalogue's `unknown_connection` is HTTP 200 for the offer route; a resource that is not there is 404. */
function unknownSession(c: Context<EdgeEnv>): Response {
  return c.json(failedBody("unknown_connection"), 404);
}
