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

/**
 * The offer as if its video were offered in the chosen codec alone, with its retransmissions (RFC 4588), and without feedback that
 * is not given here: werift would answer with a codec of its own choice, and promise whatever is asked for. A client that was
 * promised transport-cc waits for it, and sends little.
 */
export function withChosenCodec(sdp: string, installed: readonly VideoCodec[]): string {
  return sdp
    .split(/^(?=m=)/m)
    .map((section) => (section.startsWith("m=video ") ? narrowed(section, installed) : section))
    .join("");
}

function narrowed(section: string, installed: readonly VideoCodec[]): string {
  const lines = section.slice("m=".length).split(/\r?\n/);
  const chosen = chooseCodec(lines, installed);
  if (chosen === undefined) return section;
  const [kind, port, protocol, ...types] = lines[0]?.trim().split(" ") ?? [];
  const kept = types.filter((type) => Number(type) === chosen.payloadType || isRtxOf(lines, type, chosen.payloadType));
  const rest = lines.slice(1).filter((line) => {
    const [, attribute, type = ""] = /^a=(rtpmap|fmtp|rtcp-fb):(\d+) /.exec(line) ?? [];
    return attribute === undefined || (kept.includes(type) && !line.includes("transport-cc"));
  });
  return [`m=${[kind, port, protocol, ...kept].join(" ")}`, ...rest].join("\r\n");
}

function isRtxOf(lines: readonly string[], type: string, payloadType: number): boolean {
  const name = lineAfter(lines, `a=rtpmap:${type} `)?.toLowerCase();
  const parameters = lineAfter(lines, `a=fmtp:${type} `) ?? "";
  return name?.startsWith("rtx/") === true && /(?:^|;)\s*apt=(\d+)/.exec(parameters)?.[1] === `${payloadType}`;
}

function lineAfter(lines: readonly string[], start: string): string | undefined {
  return lines.find((line) => line.startsWith(start))?.slice(start.length);
}
