/**
 * The helpers a stream file declares its inputs with. Each returns plain data; the value's type is what the handler is
 * given.
 */
import * as v from "valibot";
import {
  type ChatLine,
  checkInputs,
  DEFAULT_MESSAGES,
  defaultInputs,
  type InputDeclaration,
  InputDeclarations,
  type InputFile,
} from "../../shared/inputs.ts";
import { MAX_INPUT_CHARS } from "../../shared/limits.ts";

/** A declared input whose value is a `T`. */
export type Input<T, Kind extends InputDeclaration["kind"] = InputDeclaration["kind"]> = Extract<
  InputDeclaration,
  { kind: Kind }
> & { readonly __value?: T };

/** What a handler is given for declared inputs: `Turn<InputsOf<typeof declared>>`. */
export type InputsOf<D extends Readonly<Record<string, Input<unknown>>>> = {
  readonly [Name in keyof D]: D[Name] extends Input<infer T> ? T : unknown;
};

interface Common {
  /** Shown beside it. Default: its name. */
  readonly label?: string;
  /** Every request must have it. Default false: one that is not sent keeps its value. */
  readonly required?: boolean;
}

function common({ label, required = false }: Common): { required: boolean; label?: string } {
  return label === undefined ? { required } : { required, label };
}

export interface SliderOptions extends Common {
  /** Default 0. */
  readonly min?: number;
  /** Default 1. */
  readonly max?: number;
  /** Of its handle. Default: a hundredth of the range. */
  readonly step?: number;
  /** Until one is sent. Default `min`. */
  readonly value?: number;
}

/** A number between two ends. */
export function slider(options: SliderOptions = {}): Input<number, "slider"> {
  const { min = 0, max = 1, step = (max - min) / 100, value = min } = options;
  return { kind: "slider", min, max, step, value, ...common(options) };
}

export interface NumberOptions extends Common {
  /** Default none. */
  readonly min?: number;
  /** Default none. */
  readonly max?: number;
  /** Until one is sent. Default 0, or the nearest number allowed. */
  readonly value?: number;
}

/** Any number, or one within bounds. */
export function number(options: NumberOptions = {}): Input<number, "number"> {
  const { min = null, max = null } = options;
  const value = options.value ?? Math.min(max ?? Infinity, Math.max(min ?? -Infinity, 0));
  return { kind: "number", min, max, value, ...common(options) };
}

export interface TextOptions extends Common {
  /** Until one is sent. Default empty. */
  readonly value?: string;
  /** Default 32,768, which is also the most. */
  readonly maxChars?: number;
  /** Height of its field. Default 1. */
  readonly lines?: number;
}

export function text(options: TextOptions = {}): Input<string, "text"> {
  const { value = "", maxChars = MAX_INPUT_CHARS, lines = 1 } = options;
  return { kind: "text", value, maxChars, lines, ...common(options) };
}

export interface ChoiceOptions extends Common {
  /** Until one is sent. Default: the first. */
  readonly value?: string;
}

/** One of several texts. */
export function choice<const T extends string>(
  options: readonly [T, ...T[]],
  settings: ChoiceOptions & { readonly value?: T } = {},
): Input<T, "choice"> {
  return { kind: "choice", options: [...options], value: settings.value ?? options[0], ...common(settings) };
}

export interface CheckboxOptions extends Common {
  /** Until one is sent. Default false. */
  readonly value?: boolean;
}

export function checkbox(options: CheckboxOptions = {}): Input<boolean, "checkbox"> {
  return { kind: "checkbox", value: options.value ?? false, ...common(options) };
}

export interface ColourOptions extends Common {
  /** Until one is sent, as `#rrggbb`. Default black. */
  readonly value?: string;
}

/** A colour as `#rrggbb`. */
export function colour(options: ColourOptions = {}): Input<string, "colour"> {
  return { kind: "colour", value: options.value ?? "#000000", ...common(options) };
}

export interface SecretOptions extends Common {
  /** Default 4,096. */
  readonly maxChars?: number;
}

/**
 * A text that is never stored, logged or shown, such as an API key. The handler reads it by its name; it is in no listing
 * of the inputs, and undefined until it is sent.
 */
export function secret(options: SecretOptions = {}): Input<string | undefined, "secret"> {
  return { kind: "secret", maxChars: options.maxChars ?? 4_096, ...common(options) };
}

export interface FileOptions extends Common {
  /** Types to choose from, such as `["image/png", "text/*"]`. Default: any. The type of what comes is the client's word. */
  readonly accept?: readonly string[];
  /** Default 262,144. A stream's files have 1,048,576 together at most. */
  readonly maxBytes?: number;
}

const DEFAULT_FILE_BYTES = 256 * 1024;

/** A small file: `{ name, type, data }` with `data` in base64, null until one is chosen. Kept in memory only, as every input. */
export function file(options: FileOptions = {}): Input<InputFile | null, "file"> {
  const { accept = [], maxBytes = DEFAULT_FILE_BYTES } = options;
  return { kind: "file", accept: [...accept], maxBytes, ...common(options) };
}

export interface MessagesOptions extends Common {
  /** Lines at most. Default 500, which is also the most. */
  readonly maxMessages?: number;
}

/** A conversation that the page keeps: a list of `{ role, content }`. FastRTC's pages send theirs with every turn. */
export function messages(options: MessagesOptions = {}): Input<readonly ChatLine[], "messages"> {
  return { kind: "messages", maxMessages: options.maxMessages ?? DEFAULT_MESSAGES, ...common(options) };
}

/**
 * Checks a stream's declaration: it is a program's, not a client's.
 * @throws TypeError that names the input.
 */
export function readDeclarations(declared: Readonly<Record<string, InputDeclaration>>): InputDeclarations {
  const parsed = v.safeParse(InputDeclarations, declared);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new TypeError(`The inputs are not declared rightly at ${v.getDotPath(issue) ?? "inputs"}: ${issue.message}`);
  }
  const check = checkInputs(
    parsed.output,
    { ...defaultInputs(parsed.output), ...placeholders(parsed.output) },
    [],
    "refuse",
  );
  if (check.ok) return parsed.output;
  const [issue] = check.issues;
  throw new TypeError(`The input "${issue?.loc.join(".")}" has a default value that it would not take: ${issue?.msg}.`);
}

/** Secrets have no default; a required one is not missing from the declaration. */
function placeholders(declared: InputDeclarations): Record<string, string> {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, { kind }]) => (kind === "secret" ? [[name, ""]] : [])),
  );
}
