/**
 * A session's additional outputs: numbered, the last ones kept for whoever comes later or comes back, and handed on while
 * somebody watches.
 */
import { EdgeRtcError } from "../../shared/errors.ts";
import { MAX_KEPT_OUTPUT_CHARS, MAX_KEPT_OUTPUTS, MAX_OUTPUT_CHARS } from "../../shared/limits.ts";
import type { KeptOutputs as Kept, Output } from "../../shared/link.ts";

export class KeptOutputs {
  readonly #onOutput: (output: Output) => void;
  #kept: Output[] = [];
  #chars = 0;
  #last = 0;
  #watched = false;

  /** @param onOutput is given each output while somebody watches. */
  constructor(onOutput: (output: Output) => void) {
    this.#onOutput = onOutput;
  }

  /**
   * Adds one.
   * @throws EdgeRtcError `output_too_large`; TypeError for what JSON cannot hold.
   */
  add(args: readonly unknown[]): void {
    const json = JSON.stringify(args);
    if (json.length > MAX_OUTPUT_CHARS) throw new EdgeRtcError("output_too_large");
    this.#last += 1;
    const output = { seq: this.#last, json };
    this.#kept.push(output);
    this.#chars += json.length;
    while (this.#kept.length > MAX_KEPT_OUTPUTS || this.#chars > MAX_KEPT_OUTPUT_CHARS) {
      this.#chars -= this.#kept.shift()?.json.length ?? 0;
    }
    if (this.#watched) this.#onOutput(output);
  }

  /** Hands every further output on. @returns those kept after `after`, and the number of the last. */
  watch(after: number): Kept {
    this.#watched = true;
    return { last: this.#last, kept: this.#kept.filter(({ seq }) => seq > after) };
  }

  unwatch(): void {
    this.#watched = false;
  }
}
