/** `edgertc models`: what speech models there are, fetching them ahead of time, and checking the cache. */
import { styleText } from "node:util";
import { Command } from "commander";
import { EdgeRtcError } from "../../shared/errors.ts";
import {
  CATALOGUE,
  type Catalogue,
  type ModelInfo,
  type ModelName,
  modelFolder,
  models,
  showProgress,
} from "../models/index.ts";

const MEGABYTE = 1_000_000;

const STATES = {
  ready: { mark: "✓", text: "ready", style: "green" },
  missing: { mark: "·", text: "not downloaded", style: "gray" },
  damaged: { mark: "✗", text: "damaged: pull it again", style: "red" },
} as const;

/** The `models` command with its sub-commands. Errors reach the caller of `parseAsync` as {@link EdgeRtcError}. */
export function modelsCommand(): Command {
  const command = new Command("models").description("speech models: list, download, verify");
  command
    .command("list", { isDefault: true })
    .description("show the models and whether they are on this machine")
    .action(async () => print(await models.list()));
  command
    .command("pull")
    .argument("[names...]", "models to download; if none is named, all but the optional ones")
    .description("download models that are missing or damaged")
    .action(pull);
  command
    .command("verify")
    .description("compare every byte on this machine with what it should be")
    .action(async () => {
      const infos = await models.verify();
      print(infos);
      if (infos.some(({ state }) => state === "damaged")) process.exitCode = 1;
    });
  return command;
}

async function pull(names: readonly string[]): Promise<void> {
  const catalogue: Catalogue = CATALOGUE;
  const standard = Object.keys(catalogue).filter((name) => catalogue[name]?.optional !== true);
  const wanted = names.length === 0 ? standard : names;
  const known = wanted.map(knownName);
  const view = showProgress();
  // Ctrl-C leaves no half file behind.
  const stop = new AbortController();
  const interrupt = () => stop.abort(new Error("Interrupted."));
  process.once("SIGINT", interrupt);
  try {
    for (const name of known) await models.ensure(name, { onProgress: view.onProgress, signal: stop.signal });
  } finally {
    process.off("SIGINT", interrupt);
    view.close();
  }
  print((await models.list()).filter(({ name }) => known.includes(name)));
}

function knownName(name: string): ModelName {
  const known = Object.keys(CATALOGUE).find((candidate): candidate is ModelName => candidate === name);
  if (known === undefined) throw new EdgeRtcError("model_unknown", `There is no model named "${name}".`);
  return known;
}

function print(infos: readonly ModelInfo[]): void {
  console.log(`${modelTable(infos)}\n\n${styleText("gray", `in ${modelFolder()}`)}`);
}

/** A table for people; colours only where the output takes them. */
export function modelTable(infos: readonly ModelInfo[]): string {
  const rows = infos.map(({ name, title, licence, sizeBytes, state, optional }) => {
    const { mark, text: plain, style } = STATES[state];
    const text = optional && state === "missing" ? `${plain}: optional` : plain;
    return {
      cells: [name, licence, `${(sizeBytes / MEGABYTE).toFixed(1)} MB`],
      state: styleText(style, `${mark} ${text}`),
      title,
    };
  });
  const head = ["model", "licence", "size"];
  const widths = head.map((label, i) => Math.max(label.length, ...rows.map(({ cells }) => cells[i]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("   ");
  return [
    styleText("bold", `${line(head)}   state`),
    ...rows.map(({ cells, state, title }) => `${line(cells)}   ${state}\n${styleText("gray", `  ${title}`)}`),
  ].join("\n");
}
