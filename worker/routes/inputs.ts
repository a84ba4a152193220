/**
 * `POST /input_hook`, and the same under a stream's path: a client's inputs, FastRTC's convention as a route of our own.
 * The inputs stand beside `webrtc_id`, as FastRTC's pages send them, or in `inputs`, where a name that is not declared is
 * refused.
 */
import type { Context } from "hono";
import * as v from "valibot";
import { checkInputs, type InputDeclarations, isShown, maxInputBodyBytes } from "../../shared/inputs.ts";
import { EdgeSession, invalidInputs, type SessionCaches } from "../edge-session.ts";
import { isDictionary, isJson, parseFields, parseObject, WebrtcId } from "../offer/body.ts";
import { readBody } from "../offer/read-body.ts";
import { accessTo, SESSION_SECRET_FIELD } from "./own-session.ts";
import { refuseTooOften } from "./rate-limit.ts";
import { refuse, refuseUnknown } from "./reply.ts";
import { findStream } from "./stream-name.ts";
import type { EdgeEnv } from "./types.ts";

const InputBody = v.object({
  webrtc_id: WebrtcId,
  inputs: v.optional(v.custom<Readonly<Record<string, unknown>>>(isDictionary, "dict_type")),
});

export async function postInputs(c: Context<EdgeEnv>, caches: SessionCaches): Promise<Response> {
  const tooOften = await refuseTooOften(c, c.env.REQUEST_LIMITER);
  if (tooOften !== null) return tooOften;
  const found = await findStream(c, caches.directory);
  if (found.kind === "unknown") return refuse("unknown_stream");
  const declared = found.kind === "known" ? (found.descriptor.inputs ?? {}) : {};
  const text = await readBody(c.req.raw, maxInputBodyBytes(declared));
  if (text === null) return refuse("body_too_large");
  const object = parseObject(text, isJson(c.req.header("content-type")));
  if (!object.ok) return c.json({ detail: object.detail }, 422);
  const parsed = parseFields(InputBody, object.body);
  if (!parsed.ok) {
    const detail = parsed.detail.map((entry) => ({ ...entry, input: withoutValues(entry.input, declared) }));
    return c.json({ detail }, 422);
  }
  const { webrtc_id: clientId, inputs } = parsed.fields;
  const check =
    inputs === undefined
      ? checkInputs(declared, object.body, ["body"], "ignore")
      : checkInputs(declared, inputs, ["body", "inputs"], "refuse");
  if (!check.ok) throw invalidInputs(check.issues);
  if (found.kind === "nothing_registered") return refuseUnknown();
  const access = await accessTo(c, { stream: found.name, clientId }, object.body[SESSION_SECRET_FIELD]);
  if (!access.ok) return access.refusal;
  await new EdgeSession(c.env, caches, found.name, clientId, access.sid).sendChecked(check.values);
  return c.json({ status: "success" });
}

/** A 422 shows what was sent, where pydantic does; a body may hold a secret, or a file, which it must not. */
function withoutValues(input: unknown, declared: InputDeclarations): unknown {
  const hides = !Object.values(declared).every(isShown);
  return hides && isDictionary(input) ? Object.fromEntries(Object.keys(input).map((name) => [name, null])) : input;
}
