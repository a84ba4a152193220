import { expect, it } from "vitest";
import { chooseCodec, withChosenCodec } from "./codec-choice.ts";

/** As Chromium 156 has them, in any order. */
const CODECS = {
  96: ["VP8/90000", ""],
  97: ["rtx/90000", "apt=96"],
  103: ["H264/90000", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f"],
  107: ["H264/90000", "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f"],
  109: ["H264/90000", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"],
  115: ["H264/90000", "level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f"],
  117: ["H264/90000", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f"],
  39: ["H264/90000", "packetization-mode=1; profile-level-id=640034"],
  45: ["AV1/90000", "level-idx=5"],
} as const;
type Offered = keyof typeof CODECS;

function offer(...types: readonly Offered[]): string[] {
  const lines = types.flatMap((type) => {
    const [name, parameters] = CODECS[type];
    return [`a=rtpmap:${type} ${name}`, ...(parameters === "" ? [] : [`a=fmtp:${type} ${parameters}`])];
  });
  return [`video 9 UDP/TLS/RTP/SAVPF ${types.join(" ")}`, ...lines];
}

const BOTH = ["vp8", "h264"] as const;

it.each<[string, Offered[], readonly ("vp8" | "h264")[], number | undefined]>([
  ["VP8, where the client has it first", [96, 97, 103, 107, 109], BOTH, 96],
  ["H.264, where the client has that first", [109, 96, 97], BOTH, 109],
  ["VP8, where no H.264 is installed", [109, 96], ["vp8"], 96],
  ["constrained baseline before baseline", [45, 103, 107, 109, 96], BOTH, 109],
  ["baseline, where there is no other", [107, 103, 117], BOTH, 103],
  ["none of a mode or a profile that is not had here", [107, 115, 117, 39, 45], BOTH, undefined],
  ["none where H.264 alone is offered and not installed", [109], ["vp8"], undefined],
])("takes %s", (_, offered, installed, payloadType) => {
  expect(chooseCodec(offer(...offered), installed)?.payloadType).toBe(payloadType);
});

it("leaves in the offer what was chosen, its retransmissions and the feedback that is given", () => {
  const video = ["m=video 9 UDP/TLS/RTP/SAVPF 103 96 97 109", "a=mid:1"];
  const feedback = ["a=rtcp-fb:96 transport-cc", "a=rtcp-fb:96 nack pli", "a=rtcp-fb:109 nack"];
  const audio = ["m=audio 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 opus/48000/2", "a=rtcp-fb:96 transport-cc", ""];
  const sdp = ["v=0", ...video, ...offer(103, 96, 97, 109).slice(1), ...feedback, ...audio].join("\r\n");
  const kept = ["a=rtpmap:96 VP8/90000", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96", "a=rtcp-fb:96 nack pli"];
  expect(withChosenCodec(sdp, ["vp8"]).split("\r\n")).toEqual([
    ...["v=0", "m=video 9 UDP/TLS/RTP/SAVPF 96 97", "a=mid:1"],
    ...kept,
    ...audio,
  ]);
  expect(withChosenCodec(sdp, [])).toBe(sdp);
});

it("reads any lines", () => {
  expect(chooseCodec([], BOTH)).toBeUndefined();
  expect(chooseCodec(["video 9 UDP/TLS/RTP/SAVPF", "a=rtpmap:96 VP8/90000"], BOTH)).toBeUndefined();
});
