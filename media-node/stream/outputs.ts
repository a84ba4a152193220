/**
 * The helpers a stream file declares its outputs with, and the check of what it declares. Each returns plain data; the value's
 * type is what `additionalOutputsHandler` is given and gives back.
 */
import * as v from "valibot";
import { type OutputDeclaration, OutputDeclarations, type OutputKinds } from "../../shared/outputs.ts";

type Kind = OutputDeclaration["kind"];

/** A declared output of one kind. */
export type Output<K extends Kind = Kind> = Extract<OutputDeclaration, { kind: K }>;

/** Outputs as a stream declares them, by name. */
export type DeclaredOutputs = Readonly<Record<string, Output>>;

/** What the page shows: null is nothing. */
export type OutputsOf<D extends DeclaredOutputs> = { readonly [Name in keyof D]: OutputKinds[D[Name]["kind"]] | null };

export interface OutputOptions {
  /** Shown above it. Default: its name. */
  readonly label?: string;
}

export interface NumberOutputOptions extends OutputOptions {
  /** Stands behind it, such as "%". Default none. */
  readonly unit?: string;
  /** Digits behind the point. Default: as many as it has. */
  readonly decimals?: number;
}

/**
 * What the page shows of a handler's `AdditionalOutputs`.
 * @example
 * outputs: { conversation: output.chat(), score: output.number({ unit: "%" }), picture: output.image() }
 */
export const output = {
  /** A text. */
  text: (options: OutputOptions = {}): Output<"text"> => ({ kind: "text", ...options }),
  /** A conversation: a list of `{ role, content }`. */
  chat: (options: OutputOptions = {}): Output<"chat"> => ({ kind: "chat", ...options }),
  /** A number, big. */
  number: (options: NumberOutputOptions = {}): Output<"number"> => ({ kind: "number", ...options }),
  /** A picture: a data URL, an https URL, or a path of the page's site. */
  image: (options: OutputOptions = {}): Output<"image"> => ({ kind: "image", ...options }),
  /** Anything that JSON can hold. */
  json: (options: OutputOptions = {}): Output<"json"> => ({ kind: "json", ...options }),
  /** A sound to play: a data URL, an https URL, or a path of the page's site. */
  audio: (options: OutputOptions = {}): Output<"audio"> => ({ kind: "audio", ...options }),
};

/** @throws TypeError that names the output. */
export function readOutputs(declared: Readonly<Record<string, OutputDeclaration>>): OutputDeclarations {
  const parsed = v.safeParse(OutputDeclarations, declared);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TypeError(`The outputs are not declared rightly at ${v.getDotPath(issue) ?? "outputs"}: ${issue.message}`);
}
