/**
 * Declared inputs: what a stream's handler wants to be told beside the audio, as data. A developer writes them with the
 * helpers (`slider({...})`), the descriptor carries them, and whatever a client sends is checked against them, at the
 * edge and again on the node.
 */
import * as v from "valibot";
import {
  MAX_FILE_NAME_CHARS,
  MAX_INPUT_BODY_BYTES,
  MAX_INPUT_CHARS,
  MAX_INPUT_FILE_BYTES,
  MAX_INPUT_MESSAGES,
  MAX_INPUT_OPTIONS,
  MAX_INPUTS,
} from "./limits.ts";

const finite = v.pipe(v.number(), v.finite());
const Label = v.pipe(v.string(), v.maxLength(120));
const chars = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_INPUT_CHARS));

/** What every input has. */
const common = {
  /** Shown beside it. Default: its name. */
  label: v.optional(Label),
  /** Whether every request must have it; else one that is not sent keeps its value. */
  required: v.boolean(),
};

/** One line of a chat, as FastRTC's pages send their history. */
export const ChatLine = v.object({ role: v.string(), content: v.string() });
export type ChatLine = v.InferOutput<typeof ChatLine>;

/** A file that a client sends. `type` is the client's word; `data` is in base64. */
export const InputFile = v.object({
  name: v.pipe(v.string(), v.maxLength(MAX_FILE_NAME_CHARS)),
  type: v.pipe(v.string(), v.maxLength(MAX_FILE_NAME_CHARS)),
  data: v.pipe(v.string(), v.base64()),
});
export type InputFile = v.InferOutput<typeof InputFile>;

export const InputDeclaration = v.variant("kind", [
  v.object({ kind: v.literal("slider"), min: finite, max: finite, step: finite, value: finite, ...common }),
  v.object({
    kind: v.literal("number"),
    min: v.nullable(finite),
    max: v.nullable(finite),
    value: finite,
    ...common,
  }),
  /** `lines`: height of its field. */
  v.object({
    kind: v.literal("text"),
    value: v.string(),
    maxChars: chars,
    lines: v.pipe(v.number(), v.integer(), v.minValue(1)),
    ...common,
  }),
  v.object({
    kind: v.literal("choice"),
    options: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MAX_INPUT_OPTIONS)),
    value: v.string(),
    ...common,
  }),
  v.object({ kind: v.literal("checkbox"), value: v.boolean(), ...common }),
  /** `#rrggbb`. */
  v.object({ kind: v.literal("colour"), value: v.string(), ...common }),
  /** A text that is never stored, logged or shown. It has no default. */
  v.object({ kind: v.literal("secret"), maxChars: chars, ...common }),
  /** A small file, as {@link InputFile}. `accept`: types such as `image/png` or `image/*`; empty for any. Default: none. */
  v.object({
    kind: v.literal("file"),
    accept: v.array(v.pipe(v.string(), v.regex(/^[a-z0-9.+-]+\/(\*|[a-z0-9.+-]+)$/))),
    maxBytes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_INPUT_FILE_BYTES)),
    ...common,
  }),
  /** A conversation that the page keeps, as FastRTC's pages do. Default: none. */
  v.object({ kind: v.literal("messages"), maxMessages: v.number(), ...common }),
]);
export type InputDeclaration = v.InferOutput<typeof InputDeclaration>;

/** Keys of a request that are not inputs. */
const RESERVED_INPUT_NAMES: readonly string[] = ["webrtc_id", "websocket_id", "inputs"];

export const InputName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/),
  v.check((name) => !RESERVED_INPUT_NAMES.includes(name), "The name is reserved."),
);

export const InputDeclarations = v.pipe(
  v.record(InputName, InputDeclaration),
  v.check((inputs) => Object.keys(inputs).length <= MAX_INPUTS, `A stream has at most ${MAX_INPUTS} inputs.`),
  v.check(
    (inputs) => fileBytes(inputs) <= MAX_INPUT_FILE_BYTES,
    `The maxBytes of a stream's files are ${MAX_INPUT_FILE_BYTES} together at most.`,
  ),
);
export type InputDeclarations = Readonly<Record<string, InputDeclaration>>;

/** Bytes of all its files together. */
function fileBytes(declarations: InputDeclarations): number {
  return Object.values(declarations).reduce((sum, input) => sum + (input.kind === "file" ? input.maxBytes : 0), 0);
}

/** Bytes of base64 that stand for one byte. */
const BASE64_RATIO = 4 / 3;

/** Bytes that a request with these inputs may have: files come on top of everything else. */
export function maxInputBodyBytes(declarations: InputDeclarations): number {
  return MAX_INPUT_BODY_BYTES + Math.ceil(fileBytes(declarations) * BASE64_RATIO);
}

/** Values by name. What is in it has been checked. */
export type InputValues = Readonly<Record<string, unknown>>;

/** What a client that sends nothing has. A secret has no value until it is sent. */
export function defaultInputs(declarations: InputDeclarations): InputValues {
  const values: Record<string, unknown> = {};
  for (const [name, input] of Object.entries(declarations)) {
    if (input.kind === "messages") values[name] = [];
    else if (input.kind === "file") values[name] = null;
    else if (input.kind !== "secret") values[name] = input.value;
  }
  return values;
}

/** Something wrong with one input, in pydantic's words: FastRTC's pages and their backends know no others. */
export interface InputIssue {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

export type InputCheck =
  | { readonly ok: true; readonly values: InputValues }
  | { readonly ok: false; readonly issues: readonly InputIssue[] };

/** Stands where a secret's value would be shown. */
export const HIDDEN = "**********";

/**
 * Checks what a client sent.
 * @param loc where the values stand in the request.
 * @param unknown what to do with names that are not declared: FastRTC's flat bodies ignore them.
 */
export function checkInputs(
  declarations: InputDeclarations,
  sent: Readonly<Record<string, unknown>>,
  loc: readonly string[],
  unknown: "ignore" | "refuse",
): InputCheck {
  const values: Record<string, unknown> = {};
  const issues: InputIssue[] = [];
  for (const [name, declaration] of Object.entries(declarations)) {
    if (!Object.hasOwn(sent, name)) {
      if (declaration.required) {
        issues.push({ type: "missing", loc: [...loc, name], msg: "Field required", input: shown(declarations, sent) });
      }
      continue;
    }
    const fault = faultOf(declaration, sent[name]);
    if (fault === null) values[name] = sent[name];
    else {
      const { at = [], input = sent[name], ...rest } = fault;
      const hidden = isShown(declaration) ? input : HIDDEN;
      const { type, msg, ctx } = rest;
      issues.push({ type, loc: [...loc, name, ...at], msg, input: hidden, ...(ctx === undefined ? {} : { ctx }) });
    }
  }
  if (unknown === "refuse") {
    for (const name of Object.keys(sent)) {
      if (Object.hasOwn(declarations, name)) continue;
      const msg = "Extra inputs are not permitted";
      issues.push({ type: "extra_forbidden", loc: [...loc, name], msg, input: sent[name] });
    }
  }
  return issues.length === 0 ? { ok: true, values } : { ok: false, issues };
}

/** Kinds whose values are repeated to nobody: secrets, and files, which are as large as the request may be. */
export function isShown({ kind }: InputDeclaration): boolean {
  return kind !== "secret" && kind !== "file";
}

/** The request without its secrets and files. */
function shown(declarations: InputDeclarations, sent: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(sent).map(([name, value]) => {
      const declaration = Object.hasOwn(declarations, name) ? declarations[name] : undefined;
      return [name, declaration === undefined || isShown(declaration) ? value : HIDDEN];
    }),
  );
}

interface Fault {
  readonly type: string;
  readonly msg: string;
  readonly ctx?: Readonly<Record<string, unknown>>;
  /** Where inside the value, and what is there. */
  readonly at?: readonly (string | number)[];
  readonly input?: unknown;
}

const COLOUR = /^#[0-9a-fA-F]{6}$/;

function faultOf(declaration: InputDeclaration, value: unknown): Fault | null {
  switch (declaration.kind) {
    case "slider":
    case "number":
      return numberFault(value, declaration.min, declaration.max);
    case "text":
    case "secret":
      return textFault(value, declaration.maxChars);
    case "choice":
      return typeof value === "string" && declaration.options.includes(value) ? null : choiceFault(declaration.options);
    case "checkbox":
      return typeof value === "boolean" ? null : { type: "bool_type", msg: "Input should be a valid boolean" };
    case "colour":
      if (typeof value !== "string") return notText;
      if (COLOUR.test(value)) return null;
      return {
        type: "string_pattern_mismatch",
        msg: `String should match pattern '${COLOUR.source}'`,
        ctx: { pattern: COLOUR.source },
      };
    case "file":
      return value === null ? null : fileFault(value, declaration.maxBytes, declaration.accept);
    case "messages":
      return messagesFault(value, declaration.maxMessages);
  }
}

const notText: Fault = { type: "string_type", msg: "Input should be a valid string" };

function numberFault(value: unknown, min: number | null, max: number | null): Fault | null {
  if (typeof value !== "number") return { type: "float_type", msg: "Input should be a valid number" };
  if (!Number.isFinite(value)) return { type: "finite_number", msg: "Input should be a finite number" };
  if (min !== null && value < min) {
    return { type: "greater_than_equal", msg: `Input should be greater than or equal to ${min}`, ctx: { ge: min } };
  }
  if (max !== null && value > max) {
    return { type: "less_than_equal", msg: `Input should be less than or equal to ${max}`, ctx: { le: max } };
  }
  return null;
}

function textFault(value: unknown, maxChars: number): Fault | null {
  if (typeof value !== "string") return notText;
  if (value.length <= maxChars) return null;
  return {
    type: "string_too_long",
    msg: `String should have at most ${maxChars} characters`,
    ctx: { max_length: maxChars },
  };
}

function choiceFault(options: readonly string[]): Fault {
  const quoted = options.map((option) => `'${option}'`);
  const last = quoted.at(-1) ?? "";
  const expected = quoted.length < 2 ? last : `${quoted.slice(0, -1).join(", ")} or ${last}`;
  return { type: "literal_error", msg: `Input should be ${expected}`, ctx: { expected } };
}

function fileFault(value: unknown, maxBytes: number, accept: readonly string[]): Fault | null {
  const parsed = v.safeParse(InputFile, value);
  // What is in the file is no part of an answer.
  if (!parsed.success) {
    return { type: "file_type", msg: "Input should be a file: { name, type, data } with data in base64", input: null };
  }
  const { type, data } = parsed.output;
  const padding = data.endsWith("==") ? 2 : data.endsWith("=") ? 1 : 0;
  if (data.length / BASE64_RATIO - padding > maxBytes) {
    const msg = `File should have at most ${maxBytes} bytes`;
    return { type: "file_too_large", msg, ctx: { max_length: maxBytes }, input: null };
  }
  if (accept.length === 0 || accept.some((wanted) => isOfType(type, wanted))) return null;
  const expected = accept.join(", ");
  return { type: "file_kind", msg: `File should be of type ${expected}`, ctx: { expected }, input: null };
}

/** @param wanted a type, or all of a family: `image/*`. */
export function isOfType(type: string, wanted: string): boolean {
  return wanted.endsWith("/*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}

function messagesFault(value: unknown, maxMessages: number): Fault | null {
  if (!Array.isArray(value)) return { type: "list_type", msg: "Input should be a valid list" };
  if (value.length > maxMessages) {
    const length = { max_length: maxMessages, actual_length: value.length };
    const msg = `List should have at most ${maxMessages} items after validation, not ${value.length}`;
    return { type: "too_long", msg, ctx: { field_type: "List", ...length } };
  }
  for (const [index, line] of value.entries()) {
    const parsed = v.safeParse(ChatLine, line);
    if (parsed.success) continue;
    const at = v.getDotPath(parsed.issues[0]);
    if (at === null) {
      const msg = "Input should be a valid dictionary or object to extract fields from";
      return { type: "model_attributes_type", msg, at: [index], input: line };
    }
    const missing = typeof line === "object" && line !== null && !Object.hasOwn(line, at);
    return missing
      ? { type: "missing", msg: "Field required", at: [index, at], input: line }
      : { ...notText, at: [index, at], input: parsed.issues[0].input };
  }
  return null;
}

/** Most lines of a conversation, unless declared otherwise. */
export const DEFAULT_MESSAGES = MAX_INPUT_MESSAGES;
