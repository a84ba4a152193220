/** The code that the page of the API documentation shows, for every kind of stream and connection: it compiles, and shells take it. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { parse } from "@swc/core";
import { expect, it } from "vitest";
import { type Snippet, snippetsFor } from "../ui/docs/state/snippets.ts";
import { CONNECTIONS, canCarry, MODALITIES, MODES } from "../ui/docs/state/target.ts";
import { ROOT } from "./support/markdown.ts";

const run = promisify(execFile);

const INPUTS = { mirror: 0.3, prompt: `it's a "test"`, "a-b": [true, null] };
const EDGE = { edge: "https://voice.example.com", stream: "echo", inputs: {}, turn: false };

const TARGETS = CONNECTIONS.flatMap((connection) =>
  MODALITIES.filter((modality) => canCarry(connection, modality)).flatMap((modality) =>
    MODES.flatMap((mode) => [
      { ...EDGE, connection, modality, mode },
      { ...EDGE, connection, modality, mode, inputs: INPUTS, turn: true, stream: "default" },
    ]),
  ),
);

const inLanguage = (language: Snippet["language"]): string[] => [
  ...new Set(
    TARGETS.flatMap(snippetsFor)
      .filter((snippet) => snippet.language === language)
      .map(({ code }) => code),
  ),
];

it("compiles where it uses the client, each snippet", async () => {
  const snippets = [...inLanguage("ts"), ...inLanguage("tsx")];
  expect(snippets.length).toBeGreaterThan(5);
  await mkdir(path.join(ROOT, ".edgertc"), { recursive: true });
  const folder = await mkdtemp(path.join(ROOT, ".edgertc/snippets-"));
  try {
    await Promise.all(snippets.map((code, i) => writeFile(path.join(folder, `snippet-${i}.tsx`), code)));
    const config = { extends: "../../client/tsconfig.json", compilerOptions: { jsx: "react-jsx" }, include: ["."] };
    await writeFile(path.join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = path.join(ROOT, "node_modules/.bin/tsc");
    await expect(run(process.execPath, [tsc, "-p", folder])).resolves.toMatchObject({ stdout: "" });
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("is JavaScript where it says so", async () => {
  const snippets = inLanguage("js");
  expect(snippets.length).toBeGreaterThan(15);
  for (const code of snippets)
    await expect(parse(code, { syntax: "ecmascript", target: "es2022" })).resolves.toBeDefined();
});

it("is understood by a shell where it is for one", async () => {
  for (const code of inLanguage("sh")) await run("bash", ["-n", "-c", code]);
  const curl =
    snippetsFor({ ...EDGE, connection: "webrtc", modality: "audio", mode: "send-receive", inputs: INPUTS }).find(
      ({ label }) => label === "curl",
    )?.code ?? "";
  const body = /-d (.*)/.exec(curl)?.[1] ?? "";
  const { stdout } = await run("bash", ["-c", `printf %s ${body}`], { env: { WEBRTC_ID: "abc" } });
  expect(JSON.parse(stdout)).toEqual({ webrtc_id: "abc", inputs: INPUTS });
});
