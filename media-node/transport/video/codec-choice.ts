/** Which of the codecs that a client offers its video goes in: one, both ways. */
import type { VideoCodec } from "../../video/types.ts";

export interface CodecChoice {
  readonly codec: VideoCodec;
  readonly payloadType: number;
}

/** Constrained baseline, or baseline, as browsers write it: the rest is which constraints, and a level that ours stays below. */
const BASELINE = /(?:^|;)\s*profile-level-id=42[0-9a-f]{4}/i;
/** Its first constraint bits: what is constrained is decoded everywhere. */
const CONSTRAINED = /(?:^|;)\s*profile-level-id=42[ef]/i;
/** Packets may have parts of a unit, or several. */
const MODE_1 = /(?:^|;)\s*packetization-mode=1/;

/**
 * The first in the client's own order. Browsers let a page set it; most have VP8 first.
 * @param lines of the offer's section of video
 */
export function chooseCodec(lines: readonly string[], installed: readonly VideoCodec[]): CodecChoice | undefined {
  const [, , , ...payloadTypes] = lines[0]?.trim().split(" ") ?? [];
  const usable = payloadTypes.flatMap((text): (CodecChoice & { parameters: string })[] => {
    const name = lineAfter(lines, `a=rtpmap:${text} `)?.toLowerCase();
    const parameters = lineAfter(lines, `a=fmtp:${text} `) ?? "";
    const payloadType = Number(text);
    if (name?.startsWith("vp8/90000") === true) return [{ codec: "vp8", payloadType, parameters }];
    const isH264 = name?.startsWith("h264/90000") === true && MODE_1.test(parameters) && BASELINE.test(parameters);
    return isH264 ? [{ codec: "h264", payloadType, parameters }] : [];
  });
  const first = usable.find(({ codec }) => installed.includes(codec));
  if (first?.codec !== "h264") return first;
  return usable.find(({ codec, parameters }) => codec === "h264" && CONSTRAINED.test(parameters)) ?? first;
}

function lineAfter(lines: readonly string[], start: string): string | undefined {
  return lines.find((line) => line.startsWith(start))?.slice(start.length);
}
