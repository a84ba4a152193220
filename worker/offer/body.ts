/**
 * The body of `POST /webrtc/offer`: parsed with a schema, refused in the words of FastAPI and pydantic, to the byte,
 * because FastRTC's clients and their tests compare them.
 */
import * as v from "valibot";
import { MAX_CLIENT_ID_CHARS } from "../../shared/limits.ts";
import { pythonJsonError } from "./python-json-error.ts";

export const WebrtcId = v.pipe(
  v.string("string_type"),
  v.minLength(1, "string_too_short"),
  v.maxLength(MAX_CLIENT_ID_CHARS, "string_too_long"),
);

/** In the order of FastRTC's model: errors are reported in it. Other keys are ignored. */
export const OfferBody = v.object({
  sdp: v.nullish(v.string("string_type")),
  candidate: v.nullish(v.custom<Readonly<Record<string, unknown>>>(isDictionary, "dict_type")),
  type: v.string("string_type"),
  webrtc_id: WebrtcId,
  /** EdgeRTC's: a place in line, from an earlier refusal. One that is not known counts as none. */
  ticket: v.nullish(v.string("string_type")),
  /** EdgeRTC's: a join token. */
  token: v.nullish(v.string("string_type")),
  /** EdgeRTC's: which session is to go on, and on a strict edge its secret. */
  sid: v.nullish(v.string("string_type")),
  session_secret: v.nullish(v.string("string_type")),
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

interface Refused {
  readonly ok: false;
  readonly detail: readonly Detail[];
}

export type ParsedOffer = { readonly ok: true; readonly body: OfferBody } | Refused;

export type ParsedObject = { readonly ok: true; readonly body: Readonly<Record<string, unknown>> } | Refused;

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
  const object = parseObject(text, isJson);
  if (!object.ok) return object;
  const input = object.body;
  const parsed = parseFields(OfferBody, input);
  return parsed.ok ? { ok: true, body: parsed.fields } : parsed;
}

/** Parses a body that is to be a JSON object, of whatever keys. */
export function parseObject(text: string, isJson = true): ParsedObject {
  if (text === "") return refused("missing", ["body"], null);
  if (!isJson) return notAnObject(text);
  const json = parseJson(text);
  if (!json.ok) return { ok: false, detail: [json.detail] };
  if (json.value === null) return refused("missing", ["body"], null);
  return isDictionary(json.value) ? { ok: true, body: json.value } : notAnObject(json.value);
}

/** The fields of a schema whose messages are pydantic's error types, or what is wrong with them. */
export function parseFields<Schema extends v.GenericSchema>(
  schema: Schema,
  input: Readonly<Record<string, unknown>>,
): { readonly ok: true; readonly fields: v.InferOutput<Schema> } | Refused {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return { ok: true, fields: parsed.output };
  return { ok: false, detail: parsed.issues.map((issue) => fieldDetail(issue, input)) };
}

export function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
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

function refused(type: string, loc: readonly (string | number)[], input: unknown): Refused {
  return { ok: false, detail: [detail(type, loc, input)] };
}

function notAnObject(input: unknown): Refused {
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

/** Whether a request says that it is JSON, by FastAPI's rule: no content type, or one that says so. */
export function isJson(contentType: string | undefined): boolean {
  if (contentType === undefined || contentType === "") return true;
  return /^application\/(?:[^;\s]+\+)?json\s*(?:;|$)/i.test(contentType.trim());
}
