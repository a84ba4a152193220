/** Asking the edge what a stream is, without making a call. */
import type { StreamConfig } from "../shared/stream-config.ts";
import { Signaling } from "./signaling.ts";

/**
 * The stream's descriptor; hand it to `createCall` to save that request when the call starts.
 * @param options.url where the edge is, default the page's own origin. `signal` aborts the request.
 * @throws CallError `unknown_stream`, `no_media_node`, `edge_unreachable` ...
 */
export function fetchDescriptor(
  stream: string,
  options: { readonly url?: string; readonly signal: AbortSignal },
): Promise<StreamConfig> {
  return new Signaling(options.url ?? "", stream, "", options.signal).descriptor();
}
