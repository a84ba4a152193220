/** Shows downloads to a person: a bar on a terminal, a line at start and end everywhere else. */
import { SingleBar } from "cli-progress";
import type { ProgressListener } from "./store.ts";

const MEGABYTE = 1_000_000;

export interface ProgressView {
  readonly onProgress: ProgressListener;
  /** Ends the last bar. Nothing is shown after it. */
  close(): void;
}

/** @param output where to show it; default the standard error, so that output of commands stays clean. */
export function showProgress(output: NodeJS.WriteStream = process.stderr): ProgressView {
  return output.isTTY ? bars(output) : lines(output);
}

function bars(output: NodeJS.WriteStream): ProgressView {
  let shown: { source: string; bar: SingleBar } | undefined;
  return {
    onProgress({ model, source, receivedBytes, totalBytes }) {
      if (shown?.source !== source) {
        shown?.bar.stop();
        const bar = new SingleBar({
          stream: output,
          format: `  ${model.padEnd(18)} {bar} {percentage} % · {mb} MB`,
          barCompleteChar: "█",
          barIncompleteChar: "░",
          barsize: 28,
          hideCursor: true,
        });
        bar.start(totalBytes ?? receivedBytes, 0, { mb: "0.0" });
        shown = { source, bar };
      }
      if (totalBytes === undefined) shown.bar.setTotal(receivedBytes);
      shown.bar.update(receivedBytes, { mb: (receivedBytes / MEGABYTE).toFixed(1) });
    },
    close() {
      shown?.bar.stop();
      shown = undefined;
    },
  };
}

function lines(output: NodeJS.WriteStream): ProgressView {
  let current: string | undefined;
  return {
    onProgress({ model, source, receivedBytes, totalBytes }) {
      const size = totalBytes === undefined ? "" : ` (${(totalBytes / MEGABYTE).toFixed(1)} MB)`;
      if (current !== source) {
        current = source;
        output.write(`downloading ${model} from ${source}${size}\n`);
      }
      if (receivedBytes === totalBytes) output.write(`downloaded ${model} from ${source}\n`);
    },
    close() {
      current = undefined;
    },
  };
}
