/** In which codecs this machine takes and sends video. */
import type { InstalledCodecs } from "../video/codec/installed.ts";
import type { Context } from "./context.ts";
import { type Finding, ok, warning } from "./finding.ts";

const CHECK = "video";

export async function checkVideo({ machine }: Context): Promise<Finding[]> {
  return [findingOf(await machine.videoCodecs())];
}

export function findingOf({ h264, h264State }: Pick<InstalledCodecs, "h264" | "h264State">): Finding {
  if (h264State === "usable") return ok(CHECK, `VP8, and H.264 by ${h264}.`);
  if (h264State === "off") return ok(CHECK, `VP8; no H.264: ${h264}. Every browser has VP8.`);
  return warning(
    CHECK,
    "H.264 is not offered, though there is a library for it.",
    `${h264}.`,
    "Install Debian's libopenh264-7 or -8, or Cisco's binary, and have EDGERTC_OPENH264 name its file; `off` does without.",
  );
}
