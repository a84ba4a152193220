/** What the page asks the edge: which streams there are, what one of them is, and which routes there are. */
import * as v from "valibot";
import { CallError, fetchDescriptor } from "../../../client/index.ts";
import { ShownConfig } from "../../../shared/descriptor.ts";
import { defaultInputs } from "../../../shared/inputs.ts";
import { Modality, Mode, type StreamConfig } from "../../../shared/stream-config.ts";

const StreamLine = v.object({ name: v.string(), title: v.nullish(v.string()), modality: Modality, mode: Mode });
export type StreamLine = v.InferOutput<typeof StreamLine>;

const Operation = v.object({ operationId: v.string(), summary: v.string(), tags: v.array(v.string()) });
const OpenApi = v.object({
  tags: v.array(v.object({ name: v.string(), description: v.string() })),
  paths: v.record(v.string(), v.record(v.string(), Operation)),
});

export interface Route {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
}

/** Routes under one heading. */
export interface RouteGroup {
  readonly name: string;
  readonly description: string;
  readonly routes: readonly Route[];
}

/** Where the edge is, seen from this page: the folder above it, without a slash at the end. */
export function edgeOf(href: string): string {
  return new URL("..", href).href.replace(/\/$/, "");
}

/** @throws CallError `edge_unreachable`. */
export async function fetchStreams(edge: string, signal: AbortSignal): Promise<readonly StreamLine[]> {
  return await ask(`${edge}/streams`, v.array(StreamLine), signal);
}

/** Each route once: those of a stream are those of the root, under its path. @throws CallError `edge_unreachable`. */
export async function fetchRoutes(edge: string, signal: AbortSignal): Promise<readonly RouteGroup[]> {
  const { tags, paths } = await ask(`${edge}/openapi.json`, OpenApi, signal);
  const routes = Object.entries(paths)
    .filter(([path]) => !path.startsWith("/{stream}/"))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })),
    );
  return tags.map(({ name, description }) => ({
    name,
    description,
    routes: routes.filter((route) => route.tags.includes(name)),
  }));
}

export interface StreamFacts {
  readonly descriptor: StreamConfig;
  /** What its inputs are at first. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** @throws CallError `unknown_stream`, `no_media_node`, `edge_unreachable` ... */
export async function fetchFacts(edge: string, stream: string, signal: AbortSignal): Promise<StreamFacts> {
  const descriptor = await fetchDescriptor(stream, { url: edge, signal });
  const shown = v.safeParse(ShownConfig, descriptor);
  return { descriptor, inputs: shown.success ? defaultInputs(shown.output.inputs ?? {}) : {} };
}

async function ask<Schema extends v.GenericSchema>(
  url: string,
  schema: Schema,
  signal: AbortSignal,
): Promise<v.InferOutput<Schema>> {
  try {
    const response = await fetch(url, { signal });
    return v.parse(schema, await response.json());
  } catch (cause) {
    throw new CallError("edge_unreachable", { cause });
  }
}
