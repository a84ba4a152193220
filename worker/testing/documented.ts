/** Holds real answers against the API's description: a status, a body or a refusal that is not in it fails the test that met it. */

import * as v from "valibot";
import { assert } from "vitest";
import { isErrorCode } from "../../shared/errors.ts";
import { type Operation, repliesOf } from "../api/operation.ts";
import { OPERATIONS, pathsOf } from "../api/operations.ts";
import { Failed } from "../api/replies.ts";

/** @param json the body as it came, parsed; undefined where there is none. */
export function assertDocumented(method: string, path: string, status: number, json: unknown): void {
  const operation = OPERATIONS.find((candidate) => candidate.method === method && isAt(candidate, path));
  // What there is no route for is refused as such, everywhere the same; under the operators' API not even that is told.
  if (operation === undefined) {
    assert.include([401, 404, 405], status, `${method} ${path} is not in the description`);
    return;
  }
  const what = `${method} ${path} → ${status} ${JSON.stringify(json)}`;
  const reply = repliesOf(operation).get(status);
  assert(reply !== undefined, `${what}: the description of ${operation.id} has no such status`);
  if (reply.schema === undefined) return;
  const failure = v.safeParse(Failed, json);
  if (failure.success && status >= 400 && status !== 422) {
    const { error } = failure.output.meta;
    assert(
      isErrorCode(error) && reply.description.includes(`\`${error}\``),
      `${what}: not an error of ${operation.id}`,
    );
  }
  const parsed = v.safeParse(reply.schema, json);
  assert(parsed.success, `${what}: ${JSON.stringify(parsed.issues)}`);
  assert.deepEqual(json, parsed.output, `${what}: the schema lacks something`);
}

/** The same for a response, which can still be read. @returns it */
export async function documented(method: string, url: string, response: Response): Promise<Response> {
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  const json: unknown = isJson ? await response.clone().json() : undefined;
  assertDocumented(method, new URL(url, "http://edge").pathname, response.status, json);
  return response;
}

function isAt(operation: Operation, path: string): boolean {
  return pathsOf(operation).some((template) => new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`).test(path));
}
