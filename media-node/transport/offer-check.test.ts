import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../shared/errors.ts";
import { checkOffer, type OfferRules } from "./offer-check.ts";

const HEAD =
  "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:x\r\na=fingerprint:sha-256 AB\r\n";
const AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n";
const VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n";
const DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";
const rules: OfferRules = { modality: "audio", allowExtraTracks: false };

function codeOf(sdp: string, offerRules = rules): ErrorCode | undefined {
  try {
    checkOffer(sdp, offerRules);
    return undefined;
  } catch (error) {
    return (error as { code: ErrorCode }).code;
  }
}

describe("checkOffer", () => {
  it("takes audio, a data channel, or both", () => {
    expect(codeOf(HEAD + AUDIO)).toBeUndefined();
    expect(codeOf(HEAD + DATA)).toBeUndefined();
    expect(codeOf(HEAD + AUDIO + DATA)).toBeUndefined();
  });

  it("refuses a kind the modality does not have, or ignores it where it may", () => {
    expect(codeOf(HEAD + AUDIO + VIDEO)).toBe("unsupported_track_kind");
    expect(codeOf(HEAD + AUDIO + VIDEO, { ...rules, allowExtraTracks: true })).toBeUndefined();
    expect(codeOf(HEAD + VIDEO, { ...rules, allowExtraTracks: true })).toBe("invalid_sdp");
    expect(codeOf(HEAD + AUDIO + VIDEO, { ...rules, modality: "audio-video" })).toBeUndefined();
  });

  it("wants VP8 where there is video", () => {
    const video: OfferRules = { modality: "audio-video", allowExtraTracks: false };
    expect(codeOf(HEAD + AUDIO + VIDEO.replace("VP8", "H264"), video)).toBe("no_common_codec");
    expect(codeOf(HEAD + AUDIO, video)).toBeUndefined();
  });

  it("takes H.264 for video where there is a codec for it", () => {
    const video: OfferRules = { modality: "video", allowExtraTracks: false };
    const h264 = "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f\r\n";
    const offer = HEAD + VIDEO.replace("VP8", "H264") + h264;
    expect(codeOf(offer, video)).toBe("no_common_codec");
    expect(codeOf(offer, { ...video, videoCodecs: ["vp8", "h264"] })).toBeUndefined();
  });

  it.each([
    ["nothing", "", "invalid_sdp"],
    ["words", "garbage", "invalid_sdp"],
    ["a head without media", HEAD, "invalid_sdp"],
    ["no ICE credentials", (HEAD + AUDIO).replace(/a=ice-ufrag.*\r\n/, ""), "invalid_sdp"],
    ["no fingerprint", (HEAD + AUDIO).replace(/a=fingerprint.*\r\n/, ""), "invalid_sdp"],
    ["audio without Opus", HEAD + AUDIO.replace("opus", "PCMU"), "no_common_codec"],
  ])("refuses %s", (_, sdp, code) => {
    expect(codeOf(sdp)).toBe(code);
  });
});
