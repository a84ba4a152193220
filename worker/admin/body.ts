/** Bodies of the operators' API. */
import type { Context } from "hono";
import * as v from "valibot";
import { readBody } from "../offer/read-body.ts";
import { refuse } from "../routes/reply.ts";
import type { EdgeEnv } from "../routes/types.ts";

/** Bytes of a body here. Larger: 413 `body_too_large`. */
const MAX_BODY_BYTES = 4 * 1024;

/** @param shape what is said where the body is another. @returns the refusal, or the body. */
export async function bodyOf<Schema extends v.GenericSchema>(
  c: Context<EdgeEnv>,
  schema: Schema,
  shape: string,
): Promise<v.InferOutput<Schema> | Response> {
  const text = await readBody(c.req.raw, MAX_BODY_BYTES);
  if (text === null) return refuse("body_too_large");
  const body = v.safeParse(schema, parseJson(text));
  return body.success ? body.output : refuse("invalid_request", shape);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
