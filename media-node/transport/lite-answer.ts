/**
 * Says `a=ice-lite` where browsers look for it: at session level (RFC 8839 §5.3). werift writes it into the media
 * sections, so Chromium takes the node for a full agent and nominates the first pair it tries. werift sends on that pair
 * for good, even if Chromium then goes on with another.
 */
const LITE = "a=ice-lite\r\n";

/** The same answer with the attribute in its place; an answer of a full agent stays as it is. */
export function announceIceLite(sdp: string): string {
  if (!sdp.includes(LITE)) return sdp;
  const media = sdp.replaceAll(LITE, "");
  const first = media.indexOf("\r\nm=") + 2;
  return `${media.slice(0, first)}${LITE}${media.slice(first)}`;
}
