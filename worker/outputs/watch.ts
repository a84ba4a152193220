/** One watch of a session's outputs, from the Worker's side: the socket to the session's object, read one by one. */
import * as v from "valibot";
import { MAX_KEPT_OUTPUT_CHARS } from "../../shared/limits.ts";
import { OutputOrder } from "./output-order.ts";
import { outputId, SESSION_OVER, WatchMessage } from "./watch-protocol.ts";

/** Characters that wait for a reader who is slow. Past it the watch ends, and may begin again where it was. */
const MAX_WAITING_CHARS = 2 * MAX_KEPT_OUTPUT_CHARS;

/** An additional output of a session's handler. */
export interface SessionOutput {
  /** For `Last-Event-ID`. */
  readonly id: string;
  /** The arguments of the `AdditionalOutputs`. */
  readonly args: readonly unknown[];
}

/** `over`: the session has ended. `interrupted`: begin again with the last id. */
export type WatchEnd = "over" | "interrupted";

interface Waiting {
  readonly id: string;
  readonly json: string;
}

const Args = v.array(v.unknown());

function asOutput({ id, json }: Waiting): SessionOutput {
  return { id, args: v.parse(Args, JSON.parse(json)) };
}

export class OutputWatch {
  readonly #ws: WebSocket;
  readonly #order = new OutputOrder();
  #waiting: Waiting[] = [];
  #waitingChars = 0;
  #end: WatchEnd | null = null;
  #wake: (() => void) | null = null;

  /** @param ws not accepted yet. */
  constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.addEventListener("message", ({ data }) => this.#receive(data));
    ws.addEventListener("close", ({ code }) => this.#finish(code === SESSION_OVER ? "over" : "interrupted"));
    ws.addEventListener("error", () => this.#finish("interrupted"));
    ws.accept();
  }

  /** The next output, or how the watch ended. For one reader. */
  async next(): Promise<SessionOutput | WatchEnd> {
    for (;;) {
      const output = this.#waiting.shift();
      if (output !== undefined) {
        this.#waitingChars -= output.json.length;
        return asOutput(output);
      }
      if (this.#end !== null) return this.#end;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Drops what has come by now but for the newest. @returns that, or undefined where nothing has. */
  newest(): SessionOutput | undefined {
    const newest = this.#waiting.splice(0).at(-1);
    this.#waitingChars = 0;
    return newest && asOutput(newest);
  }

  close(): void {
    this.#finish("interrupted");
  }

  #receive(data: unknown): void {
    const parsed = v.safeParse(WatchMessage, typeof data === "string" ? JSON.parse(data) : null);
    const ordered = parsed.success ? this.#order.take(parsed.output) : { ok: false as const };
    if (!ordered.ok) {
      this.#finish("interrupted");
      return;
    }
    for (const { seq, json } of ordered.outputs) {
      this.#waiting.push({ id: outputId(ordered.tag, seq), json });
      this.#waitingChars += json.length;
    }
    if (this.#waitingChars > MAX_WAITING_CHARS) this.#finish("interrupted");
    this.#notify();
  }

  #finish(end: WatchEnd): void {
    if (this.#end !== null) return;
    this.#end = end;
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.close(1000, "done");
    this.#notify();
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
