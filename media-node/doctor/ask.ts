/** Asks the edge something: its reply, its refusal in the catalogue's words, or why there was no reply at all. */
import * as v from "valibot";
import type { Context } from "./context.ts";

const Refusal = v.object({
  meta: v.object({ error: v.string(), message: v.optional(v.string()), fix: v.optional(v.string()) }),
});

export type Reply =
  | { readonly kind: "json"; readonly json: unknown; readonly tookMs: number }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly code: string;
      readonly what: string;
      readonly fix: string;
    }
  /** Something answered that is no edge. */
  | { readonly kind: "foreign"; readonly status: number; readonly text: string }
  | { readonly kind: "silent"; readonly cause: string };

/** Characters of a foreign reply that are shown. */
const SHOWN_CHARS = 80;

export async function ask(
  { options: { edgeUrl, timeoutMs }, machine }: Context,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const { clock, fetch: send } = machine;
  const startMs = clock.nowMs();
  try {
    const url = new URL(`.${path}`, `${edgeUrl.replace(/\/$/, "")}/`);
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await send(url, { headers: { ...headers }, redirect: "manual", signal });
    const tookMs = clock.nowMs() - startMs;
    const text = await response.text();
    const json = parseJson(text);
    const refusal = v.safeParse(Refusal, json);
    if (refusal.success) {
      const { error, message = error, fix = "" } = refusal.output.meta;
      return { kind: "refused", status: response.status, code: error, what: message, fix };
    }
    if (!response.ok || json === undefined) {
      const { status } = response;
      return { kind: "foreign", status, text: text.slice(0, SHOWN_CHARS).replaceAll(/\s+/g, " ").trim() };
    }
    return { kind: "json", json, tookMs };
  } catch (error) {
    return { kind: "silent", cause: causeOf(error) };
  }
}

/** The innermost cause: `fetch failed` says nothing. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  if (error.cause !== undefined) return causeOf(error.cause);
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" && !error.message.includes(code) ? `${code}: ${error.message}` : error.message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
