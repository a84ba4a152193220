import { stripVTControlCharacters } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { modelsCommand, modelTable } from "./models.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

async function run(...args: string[]): Promise<string> {
  const log = vi.spyOn(console, "log").mockReturnValue();
  log.mockClear();
  await modelsCommand().parseAsync(["node", "edgertc", ...args]);
  return stripVTControlCharacters(log.mock.calls.flat().join("\n"));
}

describe("edgertc models", () => {
  it("lists every model with its licence, size and state", async () => {
    vi.stubEnv("EDGERTC_MODEL_DIR", "/nonexistent/models");
    const output = await run("list");
    expect(output).toMatch(/flite +BSD-like \(CMU Flite\) +21\.5 MB +· not downloaded/);
    expect(output).toMatch(/moonshine-tiny-en +MIT +28\.9 MB/);
    expect(output).toMatch(/silero-vad-v6 +MIT +2\.8 MB/);
    expect(output).toMatch(/kokoro-82m +Apache-2\.0 +119\.\d MB +· not downloaded: optional/);
    expect(output).toContain("in /nonexistent/models");
    expect(await run()).toBe(output);
  });

  it("verifies without an error what is not there", async () => {
    vi.stubEnv("EDGERTC_MODEL_DIR", "/nonexistent/models");
    expect(await run("verify")).toContain("not downloaded");
    expect(process.exitCode).toBeUndefined();
  });

  it("pulls nothing when one of the names is wrong", async () => {
    vi.stubEnv("EDGERTC_MODEL_DIR", "/nonexistent/models");
    await expect(run("pull", "flite", "whisper")).rejects.toMatchObject({ code: "model_unknown" });
  });

  it("lines its columns up", () => {
    const info = { title: "T", licence: "MIT", sizeBytes: 1_500_000, state: "damaged", optional: false } as const;
    const table = modelTable([
      { ...info, name: "a" },
      { ...info, name: "a-longer-name", state: "ready" },
    ]);
    const lines = stripVTControlCharacters(table).split("\n");
    const columns = [lines[0]?.indexOf("state"), lines[1]?.indexOf("✗"), lines[3]?.indexOf("✓")];
    expect(new Set(columns).size).toBe(1);
  });
});
