/**
 * The body of `POST /webrtc/offer`: parsed with a schema, refused in the words of FastAPI and pydantic, to the byte,
 * because FastRTC's clients and their tests compare them.
 */
import * as v from "valibot";
import { MAX_CLIENT_ID_CHARS } from "../../shared/limits.ts";
import { pythonJsonError } from "./python-json-error.ts";

/** In the order of FastRTC's model: errors are reported in it. Other keys are ignored. */
const OfferBody = v.object({
  sdp: v.nullish(v.string("string_type")),
  candidate: v.nullish(v.custom<Readonly<Record<string, unknown>>>(isDictionary, "dict_type")),
  type: v.string("string_type"),
  webrtc_id: v.pipe(
    v.string("string_type"),
    v.minLength(1, "string_too_short"),
    v.maxLength(MAX_CLIENT_ID_CHARS, "string_too_long"),
  ),
});
export type OfferBody = v.InferOutput<typeof OfferBody>;

/** One entry of FastAPI's `detail`. Key order is the wire's. */
interface Detail {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, unknown>>;
}

export type ParsedOffer =
  | { readonly ok: true; readonly body: OfferBody }
  | { readonly ok: false; readonly detail: readonly Detail[] };

/** pydantic's sentences, by its error type. */
const SENTENCES: Readonly<Record<string, { msg: string; ctx?: Readonly<Record<string, unknown>> }>> = {
  missing: { msg: "Field required" },
  string_type: { msg: "Input should be a valid string" },
  dict_type: { msg: "Input should be a valid dictionary" },
  string_too_short: { msg: "String should have at least 1 character", ctx: { min_length: 1 } },
  string_too_long: {
    msg: `String should have at most ${MAX_CLIENT_ID_CHARS} characters`,
    ctx: { max_length: MAX_CLIENT_ID_CHARS },
  },
};

/**
 * Parses a request's body.
 * @param isJson whether the request says that it is JSON, or does not say; FastAPI takes any other body for a string.
 */
export function parseOfferBody(text: string, isJson = true): ParsedOffer {
  if (text === "") return refused("missing", ["body"], null);
  if (!isJson) return notAnObject(text);
  const json = parseJson(text);
  if (!json.ok) return { ok: false, detail: [json.detail] };
  if (json.value === null) return refused("missing", ["body"], null);
  if (!isDictionary(json.value)) return notAnObject(json.value);
  const input = json.value;
  const parsed = v.safeParse(OfferBody, input);
  if (parsed.success) return { ok: true, body: parsed.output };
  return { ok: false, detail: parsed.issues.map((issue) => fieldDetail(issue, input)) };
}

function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldDetail(issue: v.BaseIssue<unknown>, body: Readonly<Record<string, unknown>>): Detail {
  const field = v.getDotPath(issue) ?? "";
  // A key that is not there at all is pydantic's `missing`, whose input is the object it is missing from.
  if (!Object.hasOwn(body, field)) return detail("missing", ["body", field], body);
  return detail(issue.message, ["body", field], issue.input);
}

function detail(type: string, loc: readonly (string | number)[], input: unknown): Detail {
  const { msg, ctx } = SENTENCES[type] ?? { msg: type };
  return { type, loc, msg, input, ...(ctx === undefined ? {} : { ctx }) };
}

function refused(type: string, loc: readonly (string | number)[], input: unknown): ParsedOffer {
  return { ok: false, detail: [detail(type, loc, input)] };
}

function notAnObject(input: unknown): ParsedOffer {
  const msg = "Input should be a valid dictionary or object to extract fields from";
  return { ok: false, detail: [{ type: "model_attributes_type", loc: ["body"], msg, input }] };
}

type ParsedJson = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly detail: Detail };

function parseJson(text: string): ParsedJson {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { position, message } = pythonJsonError(text) ?? { position: 0, message: "Expecting value" };
    return {
      ok: false,
      detail: {
        type: "json_invalid",
        loc: ["body", position],
        msg: "JSON decode error",
        input: {},
        ctx: { error: message },
      },
    };
  }
}
