import { expect, it } from "vitest";
import { MAX_SDP_CHARS, MAX_SDP_MEDIA_SECTIONS } from "../../shared/limits.ts";
import { checkSdp } from "./sdp.ts";

const SECTION = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";

it("takes an offer with as many media sections as a browser sends", () => {
  expect(checkSdp(`v=0\r\n${SECTION.repeat(3)}`)).toMatchObject({ ok: true });
  expect(checkSdp(`v=0\n${SECTION.repeat(MAX_SDP_MEDIA_SECTIONS)}`)).toMatchObject({ ok: true });
});

it.each([
  ["null", null],
  ["missing", undefined],
  ["empty", " \r\n"],
  ["not SDP", "garbage"],
  ["without media", "v=0\r\ns=-\r\n"],
  ["with too many media sections", `v=0\r\n${SECTION.repeat(MAX_SDP_MEDIA_SECTIONS + 1)}`],
  ["too long", `v=0\r\n${SECTION}${"a=x\r\n".repeat(MAX_SDP_CHARS / 5)}`],
])("refuses one that is %s, and says so", (_, sdp) => {
  const check = checkSdp(sdp);
  expect(check.ok ? "" : check.why).toMatch(/^The .+\.$/);
});
