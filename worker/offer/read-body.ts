/** Reads the body of a request or a reply as text, but never keeps more of it than a limit. */

/**
 * What is over the limit is still read, up to this many times it, and forgotten: a client that is cut off while it sends
 * sees a broken connection instead of the reply.
 */
const MAX_DRAINED = 16;

/** @returns null if the body is larger than `maxBytes`. */
export async function readBody(message: Request | Response, maxBytes: number): Promise<string | null> {
  if (message.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of message.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes * MAX_DRAINED) return null;
    if (bytes <= maxBytes) text += decoder.decode(chunk, { stream: true });
  }
  return bytes > maxBytes ? null : text + decoder.decode();
}
