/** A handler under test: notes what it is called for, and does what the test says. */
import { AsyncQueue } from "../../handlers/async-queue.ts";
import type { Emission } from "../../handlers/emission.ts";
import { StreamHandler, type StreamHandlerOptions } from "../../handlers/stream-handler.ts";
import { Stream } from "../../stream/stream.ts";

export class Noting extends StreamHandler {
  readonly calls: string[];
  readonly script: Partial<Noted>;
  readonly out = new AsyncQueue<Emission>();

  constructor(calls: string[], script: Partial<Noted> = {}, options?: StreamHandlerOptions) {
    super(options);
    this.calls = calls;
    this.script = script;
  }

  copy(): Noting {
    this.calls.push("copy");
    return new Noting(this.calls, this.script);
  }

  override startUp(): void | Promise<void> {
    this.calls.push("startUp");
    return this.script.startUp?.(this);
  }

  receive(): void | Promise<void> {
    if (this.calls.at(-1) !== "receive") this.calls.push("receive");
    return this.script.receive?.(this);
  }

  emit(): Emission | Promise<Emission> {
    if (this.calls.at(-1) !== "emit") this.calls.push("emit");
    return this.script.emit === undefined ? this.out.next(this.signal) : this.script.emit(this);
  }

  override onMessage(message: { readonly type: string }): void | Promise<void> {
    this.calls.push(`message ${JSON.stringify(message)}`);
    return this.script.onMessage?.(this);
  }

  override inputsChanged(): void {
    this.calls.push("inputs");
  }

  override shutdown(): void | Promise<void> {
    this.calls.push(`shutdown${this.signal.aborted ? "" : " before the signal"}`);
    return this.script.shutdown?.(this);
  }
}

type Act<T> = (handler: Noting) => T | Promise<T>;
export interface Noted {
  startUp: Act<void>;
  receive: Act<void>;
  emit: Act<Emission>;
  onMessage: Act<void>;
  shutdown: Act<void>;
}

/** A stream of such a handler, and what its copies are called for. */
export function noting(script: Partial<Noted> = {}, options: Partial<Stream["options"]> = {}) {
  const calls: string[] = [];
  return { calls, stream: new Stream(new Noting(calls, script), { modality: "audio", ...options }) };
}
