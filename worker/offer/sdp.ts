/** What is checked of an SDP offer before it costs a lease. Kinds and codecs are the media node's to judge. */
import { MAX_SDP_CHARS, MAX_SDP_MEDIA_SECTIONS } from "../../shared/limits.ts";

export type SdpCheck = { readonly ok: true; readonly sdp: string } | { readonly ok: false; readonly why: string };

export function checkSdp(sdp: string | null | undefined): SdpCheck {
  if (sdp === null || sdp === undefined || sdp.trim() === "") return { ok: false, why: "The offer has no SDP." };
  if (sdp.length > MAX_SDP_CHARS) return { ok: false, why: `The SDP is longer than ${MAX_SDP_CHARS} characters.` };
  if (!sdp.startsWith("v=0")) return { ok: false, why: "The offer is not SDP: it does not start with v=0." };
  const sections = sdp.match(/^m=/gm)?.length ?? 0;
  if (sections === 0) return { ok: false, why: "The SDP has no media section." };
  if (sections > MAX_SDP_MEDIA_SECTIONS) {
    return { ok: false, why: `The SDP has ${sections} media sections; at most ${MAX_SDP_MEDIA_SECTIONS} are taken.` };
  }
  return { ok: true, sdp };
}
