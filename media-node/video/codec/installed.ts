/**
 * Which codecs can be offered to clients. VP8 comes with EdgeRTC. For H.264 a process of its own takes the system's library through a
 * whole picture first: one that does not load, is another than it says, or crashes, costs nothing but H.264.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { VideoCodec } from "../types.ts";
import { findOpenH264 } from "./h264/open-h264.ts";

const run = promisify(execFile);
/** It takes a fifth of a second where nothing else wants the cores. */
const TIMEOUT_MS = 20_000;

export interface InstalledCodecs {
  readonly codecs: readonly VideoCodec[];
  /** For people: which H.264 there is, or why there is none. */
  readonly h264: string;
  /** `off`: nobody asked for it. `broken`: there is a library, or one is named, that cannot be used. */
  readonly h264State: "usable" | "off" | "broken";
}

export const VP8_ONLY: readonly VideoCodec[] = ["vp8"];

/** @param variable what `EDGERTC_OPENH264` says; see {@link findOpenH264} */
export async function installedVideoCodecs(variable = process.env["EDGERTC_OPENH264"]): Promise<InstalledCodecs> {
  const file = findOpenH264(variable);
  if (file === undefined) return { codecs: VP8_ONLY, h264: "no OpenH264 was found", h264State: "off" };
  const script = fileURLToPath(new URL("./h264/probe.ts", import.meta.url));
  try {
    const { stdout } = await run(process.execPath, [script, file], { timeout: TIMEOUT_MS, killSignal: "SIGKILL" });
    return { codecs: ["vp8", "h264"], h264: `OpenH264 ${stdout.trim()} (${file})`, h264State: "usable" };
  } catch (error) {
    return { codecs: VP8_ONLY, h264: `${file} cannot be used: ${reasonOf(error)}`, h264State: "broken" };
  }
}

/** What the script said, or how it died. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = "stderr" in error ? String(error.stderr).trim() : "";
  const signal = "signal" in error && typeof error.signal === "string" ? error.signal : "";
  return said || signal || error.message;
}
