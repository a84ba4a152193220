/**
 * Puts a session's outputs in order: those the node still had when the watch began, and those that came since, whichever
 * arrives first, each once. A number that is missing means that the watch has to begin again.
 */
import { MAX_KEPT_OUTPUTS } from "../../shared/limits.ts";
import type { Output } from "../../shared/link.ts";
import type { WatchMessage } from "./watch-protocol.ts";

export type Ordered =
  | { readonly ok: true; readonly tag: string; readonly outputs: readonly Output[] }
  /** One is missing, or too many came before the first word. */
  | { readonly ok: false };

const NOTHING: Ordered = { ok: true, tag: "", outputs: [] };
const GAP: Ordered = { ok: false };

export class OutputOrder {
  /** Came before those that were kept. */
  #early: Output[] = [];
  #begun: { readonly tag: string; last: number } | null = null;

  take(message: WatchMessage): Ordered {
    if (message.kind === "kept") return this.#begin(message);
    const { seq, json } = message;
    if (this.#begun !== null) return this.#next(this.#begun, [{ seq, json }]);
    this.#early.push({ seq, json });
    return this.#early.length > MAX_KEPT_OUTPUTS ? GAP : NOTHING;
  }

  #begin({ tag, last, kept }: WatchMessage & { kind: "kept" }): Ordered {
    this.#begun = { tag, last };
    const since = this.#next(this.#begun, this.#early);
    this.#early = [];
    return since.ok ? { ok: true, tag, outputs: [...kept, ...since.outputs] } : GAP;
  }

  #next(begun: { readonly tag: string; last: number }, outputs: readonly Output[]): Ordered {
    const fresh: Output[] = [];
    for (const output of outputs) {
      // Reports are repeated until they are acknowledged.
      if (output.seq <= begun.last) continue;
      if (output.seq !== begun.last + 1) return GAP;
      begun.last = output.seq;
      fresh.push(output);
    }
    return { ok: true, tag: begun.tag, outputs: fresh };
  }
}
