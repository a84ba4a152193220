/** Results for people, as text, and for programs, as one JSON object a line. */
import { appendFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { styleText } from "node:util";
import { EDGERTC_VERSION } from "../../shared/version.ts";
import type { Usage } from "./machine.ts";
import type { Summary } from "./percentiles.ts";
import type { Pinning } from "./pinning.ts";
import type { Figure, Measurement, Row } from "./row.ts";

/** A row as it was measured once. */
export interface Result extends Measurement {
  readonly row: Row;
  /** From 1: a row is measured again when the machine was busy with something else. */
  readonly attempt: number;
  readonly contended: boolean;
}

const NAME_WIDTH = 40;

export function printHead({ serverCpu, clientCpu }: Pinning): void {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const cores = `${cpus().length} × ${model}, ${process.platform} ${release()}, Node ${process.versions.node}`;
  const where =
    serverCpu === undefined
      ? "server and client share all cores: no taskset, or one core only"
      : `server on core ${serverCpu}, client on core ${clientCpu}`;
  console.log(`EdgeRTC ${EDGERTC_VERSION} · ${cores}\n${where}\n`);
}

export function printResult(result: Result, pinning: Pinning): void {
  const again = result.attempt > 1 ? ` (attempt ${result.attempt})` : "";
  const mark = result.contended ? `  ${styleText("yellow", "contended")}` : "";
  console.log(`${styleText("bold", result.row.title)}${again}${mark}`);
  for (const figure of result.figures) console.log(figureLine(figure));
  console.log(styleText("gray", `  ${machineLine(result, pinning)}`));
  console.log();
}

export function printFailure(row: Row, error: unknown): void {
  console.log(`${styleText("bold", row.title)}\n  ${styleText("red", "not measured")}: ${explain(error)}\n`);
}

/** Every target with what was reached, at the end. */
export function printSummary(results: readonly Result[]): void {
  const lines = results.flatMap(({ row, figures, contended }) =>
    figures
      .filter((figure) => verdict(figure) === "missed")
      .map((figure) => `  ${row.title}: ${figure.name} ${amount(figure)}${contended ? " (contended)" : ""}`),
  );
  const count = results.flatMap(({ figures }) => figures).filter(({ target }) => target !== undefined).length;
  if (count === 0) return;
  console.log(lines.length === 0 ? `All ${count} targets are met.` : `${lines.length} of ${count} targets are missed:`);
  for (const line of lines) console.log(line);
}

export async function appendJson(file: string, result: Result): Promise<void> {
  const { row, ...measured } = result;
  const head = { at: new Date().toISOString(), version: EDGERTC_VERSION, node: process.versions.node };
  await appendFile(file, `${JSON.stringify({ ...head, row: row.title, server: row.server, ...measured })}\n`);
}

/** Undefined where there is no target. */
function verdict({ value, target }: Figure): "met" | "missed" | undefined {
  if (target === undefined) return undefined;
  const met = target.bound === "at_most" ? value <= target.value : value >= target.value;
  return met ? "met" : "missed";
}

function figureLine(figure: Figure): string {
  const { name, unit, target, fastRtc, spread } = figure;
  const state = verdict(figure);
  const mark = state === undefined ? " " : state === "met" ? styleText("green", "✓") : styleText("red", "✗");
  const bound = target === undefined ? "" : `target ${target.bound === "at_most" ? "≤" : "≥"} ${target.value}`;
  const compared = fastRtc === undefined || fastRtc === "" ? "" : `FastRTC ${fastRtc}`;
  const columns = [name.padEnd(NAME_WIDTH), amount(figure).padStart(8), unit.padEnd(9), bound.padEnd(15)];
  const rest = spread === undefined ? compared : `${compared.padEnd(22)} ${spreadText(spread)}`;
  return `  ${mark} ${columns.join(" ")} ${rest}`.trimEnd();
}

function spreadText({ count, p95, p99, max }: Summary): string {
  return `p95 ${round(p95)} · p99 ${round(p99)} · max ${round(max)} · n ${count}`;
}

function amount({ value }: Figure): string {
  return round(value);
}

function machineLine({ usage, clientLateMs }: Result, { serverCpu, clientCpu }: Pinning): string {
  const { wallMs, serverCpuMs, clientCpuMs, serverResidentMb, serverThreads, loadAverage, foreignShare } = usage;
  return [
    `server ${(serverCpuMs / wallMs).toFixed(2)} core, ${serverResidentMb.toFixed(0)} MB, ${serverThreads} threads`,
    `client ${(clientCpuMs / wallMs).toFixed(2)} core`,
    ...(clientLateMs === undefined ? [] : [`client late p95 ${round(clientLateMs.p95)} ms`]),
    `load ${loadAverage.toFixed(2)}`,
    cpuText(usage, serverCpu, clientCpu),
    `foreign ${percent(foreignShare)}`,
    `${(wallMs / 1_000).toFixed(1)} s`,
  ].join(" · ");
}

function cpuText({ cpus: shares }: Usage, serverCpu: number | undefined, clientCpu: number | undefined): string {
  const shown = shares.filter(({ cpu }) => serverCpu === undefined || cpu === serverCpu || cpu === clientCpu);
  return shown.map(({ cpu, busy, steal }) => `cpu${cpu} ${percent(busy)} busy, ${percent(steal)} stolen`).join(" · ");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** Three digits that mean something, or a dash where nothing was measured. */
function round(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 1_000 ? 1 : 0);
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${explain(error.cause)})`;
}
