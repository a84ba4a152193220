/** Whether a stream can take an SDP offer, before any resource is spent on it. */

import type { Modality } from "../../shared/descriptor.ts";
import { EdgeRtcError } from "../../shared/errors.ts";
import type { VideoCodec } from "../video/types.ts";
import { fingerprintsOf } from "./dtls/certificates.ts";
import { chooseCodec } from "./video/codec-choice.ts";

/** What of a stream decides about an offer. */
export interface OfferRules {
  readonly modality: Modality;
  /** Sections of a kind the modality does not have are rejected singly instead of failing the offer. */
  readonly allowExtraTracks: boolean;
  /** What video can be in. Default: VP8, which is always there. */
  readonly videoCodecs?: readonly VideoCodec[] | undefined;
}

export function videoCodecsOf({ videoCodecs = ["vp8"] }: OfferRules): readonly VideoCodec[] {
  return videoCodecs;
}

interface MediaSection {
  readonly kind: string;
  readonly lines: readonly string[];
}

/**
 * Throws an {@link EdgeRtcError} with `invalid_sdp`, `unsupported_track_kind` or `no_common_codec` unless the offer has
 * something the stream can use.
 */
export function checkOffer(sdp: string, rules: OfferRules): void {
  const sections = mediaSections(sdp);
  if (!sdp.startsWith("v=0") || sections.length === 0) throw new EdgeRtcError("invalid_sdp");
  for (const { kind } of sections) {
    if (kind === "application" || kindsOf(rules.modality).includes(kind) || rules.allowExtraTracks) continue;
    throw new EdgeRtcError(
      "unsupported_track_kind",
      `Unsupported track kind '${kind}' for modality '${rules.modality}'.`,
    );
  }
  const usable = sections.some(({ kind }) => kind === "application" || kindsOf(rules.modality).includes(kind));
  if (!usable) throw new EdgeRtcError("invalid_sdp", "The offer has no section this stream can use.");
  // Without these there is nobody to connect to, and nothing to trust the connection by.
  if (!/^a=ice-ufrag:/m.test(sdp) || fingerprintsOf(sdp).length === 0) {
    throw new EdgeRtcError(
      "invalid_sdp",
      "The offer has no ICE credentials or no DTLS fingerprint of SHA-256, SHA-384 or SHA-512.",
    );
  }
  if (/^a=setup:passive/m.test(sdp)) {
    throw new EdgeRtcError("invalid_sdp", "The offer wants this side to be the DTLS client; a=setup must be actpass.");
  }
  for (const kind of kindsOf(rules.modality)) {
    // The first of a kind is the one that is used.
    const section = sections.find((one) => one.kind === kind);
    if (section === undefined) continue;
    const { lines } = section;
    const common = kind === "video" ? chooseCodec(lines, videoCodecsOf(rules)) !== undefined : lines.some(isOpus);
    if (!common) throw new EdgeRtcError("no_common_codec");
  }
}

function mediaSections(sdp: string): MediaSection[] {
  const [, ...sections] = sdp.split(/^m=/m);
  return sections.map((section) => {
    const lines = section.split(/\r?\n/);
    return { kind: (lines[0] ?? "").split(" ")[0] ?? "", lines };
  });
}

function kindsOf(modality: Modality): readonly string[] {
  return modality === "audio-video" ? ["audio", "video"] : [modality];
}

function isOpus(line: string): boolean {
  return /^a=rtpmap:\d+ opus\/48000/i.test(line);
}
