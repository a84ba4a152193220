/**
 * Declared outputs: what a stream's page shows of what its handler yields beside the audio, as data. A developer writes them
 * with the helpers (`output.chat()`), the descriptor carries them, and the media node tells a call's page each value that is new.
 */
import * as v from "valibot";
import type { ChatLine } from "./inputs.ts";
import { MAX_OUTPUTS } from "./limits.ts";

const common = {
  /** Shown above it. Default: its name. */
  label: v.optional(v.pipe(v.string(), v.maxLength(120))),
};

export const OutputDeclaration = v.variant("kind", [
  v.object({ kind: v.literal("text"), ...common }),
  /** A conversation, of both roles. */
  v.object({ kind: v.literal("chat"), ...common }),
  /** `unit` stands behind it, such as "%"; `decimals`: digits behind the point, absent as many as it has. */
  v.object({
    kind: v.literal("number"),
    unit: v.optional(v.pipe(v.string(), v.maxLength(20))),
    decimals: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10))),
    ...common,
  }),
  v.object({ kind: v.literal("image"), ...common }),
  v.object({ kind: v.literal("json"), ...common }),
  v.object({ kind: v.literal("audio"), ...common }),
]);
export type OutputDeclaration = v.InferOutput<typeof OutputDeclaration>;

const OutputName = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/));

export const OutputDeclarations = v.pipe(
  v.record(OutputName, OutputDeclaration),
  v.check((outputs) => Object.keys(outputs).length <= MAX_OUTPUTS, `A stream has at most ${MAX_OUTPUTS} outputs.`),
);
export type OutputDeclarations = Readonly<Record<string, OutputDeclaration>>;

/** What each kind of output shows. Null shows nothing. */
export interface OutputKinds {
  readonly text: string;
  readonly chat: readonly ChatLine[];
  readonly number: number;
  /** A data URL, or where it is: `https://…` or a path of the page's own site. */
  readonly image: string;
  readonly json: unknown;
  readonly audio: string;
}

/** Values by name. */
export type OutputValues = Readonly<Record<string, unknown>>;

const Chat = v.array(v.object({ role: v.string(), content: v.string() }));

/** Why a value cannot be shown as that kind, in words for the developer; null where it can. */
export function outputFault({ kind }: OutputDeclaration, value: unknown): string | null {
  if (value === null) return null;
  switch (kind) {
    case "text":
      return typeof value === "string" ? null : "should be a string";
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? null : "should be a finite number";
    case "chat":
      return v.is(Chat, value) ? null : "should be a list of { role, content }";
    case "image":
    case "audio":
      return isMediaUrl(value, kind) ? null : `should be a data URL of type ${kind}/…, an https URL or a path`;
    case "json":
      return value === undefined ? "should be what JSON can hold" : null;
  }
}

/** Nothing else is put into a page as the address of something. */
function isMediaUrl(value: unknown, kind: "image" | "audio"): boolean {
  if (typeof value !== "string") return false;
  return value.startsWith(`data:${kind}/`) || value.startsWith("https://") || /^\/(?!\/)/.test(value);
}

/** Sent to clients of EdgeRTC's extension: the declared outputs that have changed, by name. */
export const OutputsMessage = v.object({ type: v.literal("outputs"), data: v.record(v.string(), v.unknown()) });
export type OutputsMessage = v.InferOutput<typeof OutputsMessage>;
