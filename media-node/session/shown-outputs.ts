/**
 * What a session's page shows of the stream's declared outputs: each AdditionalOutputs makes new values of the ones before, by
 * the stream's `additionalOutputsHandler` or, without one, in the order of the declaration. Kept, so that a page that comes
 * back is told all of them.
 */
import { EdgeRtcError } from "../../shared/errors.ts";
import { MAX_SHOWN_CHARS } from "../../shared/limits.ts";
import { type OutputDeclarations, type OutputValues, outputFault } from "../../shared/outputs.ts";

/** New values of what is shown and what was yielded. Those not in it, or undefined, stay. */
export type CombineOutputs = (shown: OutputValues, ...args: never[]) => OutputValues;

export class ShownOutputs {
  readonly #declared: OutputDeclarations;
  readonly #combine: CombineOutputs;
  #values: OutputValues;
  /** Of each value as JSON. */
  readonly #chars = new Map<string, number>();

  /** @param combine default: the first argument is the first output's value, and so on. */
  constructor(declared: OutputDeclarations, combine?: CombineOutputs) {
    this.#declared = declared;
    const names = Object.keys(declared);
    this.#combine = combine ?? ((_, ...args: readonly unknown[]) => inOrder(names, args));
    this.#values = Object.fromEntries(names.map((name) => [name, null]));
  }

  /** All of them. Null shows nothing. */
  get values(): OutputValues {
    return this.#values;
  }

  /**
   * Takes what was yielded.
   * @returns the values that are new, by name.
   * @throws EdgeRtcError `invalid_outputs`, `output_too_large`; TypeError for what JSON cannot hold; whatever the stream's own
   * handler throws. What is shown stays as it was then.
   */
  add(args: readonly unknown[]): OutputValues {
    const changed: Record<string, unknown> = {};
    const chars = new Map(this.#chars);
    // What a stream's handler takes is what its own AdditionalOutputs are.
    for (const [name, value] of Object.entries(this.#combine(this.#values, ...(args as never[])))) {
      if (value === undefined) continue;
      const json = this.#jsonOf(name, value);
      // As it is now: the handler may go on with the list that it has given.
      changed[name] = JSON.parse(json);
      chars.set(name, json.length);
    }
    if ([...chars.values()].reduce((sum, one) => sum + one, 0) > MAX_SHOWN_CHARS) {
      throw new EdgeRtcError("output_too_large");
    }
    for (const [name, one] of chars) this.#chars.set(name, one);
    this.#values = { ...this.#values, ...changed };
    return changed;
  }

  #jsonOf(name: string, value: unknown): string {
    const declaration = Object.hasOwn(this.#declared, name) ? this.#declared[name] : undefined;
    const fault = declaration === undefined ? "is not declared" : outputFault(declaration, value);
    const json = JSON.stringify(value);
    if (fault === null && json !== undefined) return json;
    throw new EdgeRtcError("invalid_outputs", `The output "${name}" ${fault ?? "should be what JSON can hold"}.`);
  }
}

/** As in FastRTC: one argument for each output. */
function inOrder(names: readonly string[], args: readonly unknown[]): OutputValues {
  if (args.length > names.length) {
    const have = `${args.length} values for ${names.length} declared ${names.length === 1 ? "output" : "outputs"}`;
    throw new EdgeRtcError("invalid_outputs", `AdditionalOutputs with ${have}.`);
  }
  return Object.fromEntries(args.map((arg, index) => [names[index], arg]));
}
