import { describe, expect, it } from "vitest";
import { CATALOGUE, type Catalogue } from "./catalogue.ts";

const catalogue: Catalogue = CATALOGUE;

describe.each(Object.entries(catalogue))("the model %s", (_name, { files, sources, licence, title }) => {
  it("has a title, a licence, and exact bytes for every file", () => {
    expect(title).not.toBe("");
    expect(licence).not.toBe("");
    for (const { bytes, sha256 } of Object.values(files)) {
      expect(bytes).toBeGreaterThan(0);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it("can be had whole, and its sources have nothing else", () => {
    const offered = new Set(sources.flatMap((source) => Object.keys(source.files)));
    expect([...offered].sort()).toEqual(Object.keys(files).sort());
  });

  it("names exact versions", () => {
    for (const source of sources) if (source.kind !== "url") expect(source.version).toMatch(/^\d+(\.\d+)+$/);
  });
});
