import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findOpenH264 } from "./h264/open-h264.ts";
import { installedVideoCodecs } from "./installed.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "edgertc-codecs-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the codecs of this machine", () => {
  it("are VP8 alone where there is no library, or it is turned off", async () => {
    expect(await installedVideoCodecs("off")).toMatchObject({ codecs: ["vp8"], h264State: "off" });
  });

  it("are VP8 alone, with the reason, where the library is none", async () => {
    const file = path.join(folder, "libopenh264.so");
    expect(findOpenH264(file)).toBe(file);
    await writeFile(file, "no library");
    for (const named of [file, path.join(folder, "missing.so")]) {
      const { codecs, h264, h264State } = await installedVideoCodecs(named);
      expect({ codecs, h264State }).toEqual({ codecs: ["vp8"], h264State: "broken" });
      expect(h264).toContain(`${named} cannot be used: `);
    }
  });
});
