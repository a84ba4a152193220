/** The streams there are, from `GET /streams`, and the choice among them, kept in the page's address. */
import * as v from "valibot";
import { CallError, type CallOptions } from "../../client/index.ts";
import { DEFAULT_STREAM } from "../../shared/ids.ts";

const StreamSummary = v.object({ name: v.string(), title: v.nullish(v.string()), nodesReady: v.optional(v.number()) });
export type StreamSummary = v.InferOutput<typeof StreamSummary>;

/** Name of the address's parameter. */
const PARAMETER = "stream";

/** @throws CallError `edge_unreachable`. */
export async function fetchStreams(signal: AbortSignal): Promise<readonly StreamSummary[]> {
  try {
    const response = await fetch("/streams", { signal });
    return v.parse(v.array(StreamSummary), await response.json());
  } catch (cause) {
    throw new CallError("edge_unreachable", { cause });
  }
}

/** The stream the address names, if there is one of that name; else the default one; else the first. */
export function chooseStream(search: string, streams: readonly StreamSummary[]): string | null {
  const wanted = new URLSearchParams(search).get(PARAMETER);
  const named = streams.find(({ name }) => name === wanted);
  return (named ?? streams.find(({ name }) => name === DEFAULT_STREAM) ?? streams[0])?.name ?? null;
}

/** Whether a media node takes calls of the stream, as far as the list says. */
export function isServed(streams: readonly StreamSummary[], name: string | null): boolean {
  const stream = streams.find((one) => one.name === name);
  return stream !== undefined && stream.nodesReady !== 0;
}

/** Whether the address asks for the developers' view, `?debug`. */
export function wantsDebug(search: string): boolean {
  return new URLSearchParams(search).has("debug");
}

/** How the address wants calls to be carried, `?transport=websocket`: to try it where WebRTC works. Else it is not said. */
export function chooseTransport(search: string): Pick<CallOptions, "transport"> {
  const wanted = new URLSearchParams(search).get("transport");
  return wanted === "websocket" || wanted === "webrtc" ? { transport: wanted } : {};
}

/** The address that names a stream; the default one needs no name. */
export function addressOf(href: string, stream: string): string {
  const url = new URL(href);
  if (stream === DEFAULT_STREAM) url.searchParams.delete(PARAMETER);
  else url.searchParams.set(PARAMETER, stream);
  return url.href;
}

/** What to call a stream in the chooser. */
export function titleOf({ name, title }: StreamSummary): string {
  return title ?? (name === DEFAULT_STREAM ? "Default" : name);
}
