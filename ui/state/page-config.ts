/** What the page shows of a stream, checked: a call has no use for it, so the client hands it on as it came. */
import * as v from "valibot";
import { CallError, fetchDescriptor, type StreamDescriptor } from "../../client/index.ts";
import { ShownConfig } from "../../shared/descriptor.ts";

/** @throws CallError `unknown_stream`, `no_media_node`, `edge_unreachable`, `invalid_reply` ... */
export async function fetchPageConfig(stream: string, signal: AbortSignal): Promise<StreamDescriptor> {
  const descriptor = await fetchDescriptor(stream, { signal });
  const shown = v.safeParse(ShownConfig, descriptor);
  if (!shown.success) throw new CallError("invalid_reply");
  return { ...descriptor, ...shown.output };
}
