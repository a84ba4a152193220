/** The operators' API as the page calls it: typed replies, errors in words. */
import * as v from "valibot";
import { Overview, SessionPage } from "../../../shared/admin.ts";

/** The page is at `/admin/`, its API beside it: wherever the edge is mounted. */
const API = "api";

/** An answer that takes longer is none. */
const TIMEOUT_MS = 10_000;

const Failure = v.object({
  meta: v.object({ error: v.string(), message: v.optional(v.string()), fix: v.optional(v.string()) }),
});

export class AdminError extends Error {
  override readonly name = "AdminError";
  /** A code of the catalogue, or `edge_unreachable`. */
  readonly code: string;
  readonly fix: string;

  constructor(code: string, message: string, fix: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.fix = fix;
  }
}

export class AdminApi {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  async overview(signal: AbortSignal): Promise<Overview> {
    return v.parse(Overview, await this.#call("GET", "overview", signal));
  }

  /** The first page: more than anybody reads, and a few hundred bytes per session. */
  async sessions(stream: string, signal: AbortSignal): Promise<SessionPage> {
    return v.parse(SessionPage, await this.#call("GET", `streams/${stream}/sessions?count=200`, signal));
  }

  async endSession(stream: string, clientId: string, sid: string): Promise<void> {
    await this.#call("DELETE", `streams/${stream}/sessions/${encodeURIComponent(clientId)}?sid=${sid}`);
  }

  async drain(nodeId: string): Promise<void> {
    await this.#call("POST", `nodes/${nodeId}/drain`);
  }

  /** @param limit null takes the operator's limit back. */
  async setLimit(stream: string, limit: number | null): Promise<void> {
    await this.#call("PUT", `streams/${stream}/limit`, undefined, { limit });
  }

  async #call(method: string, path: string, signal?: AbortSignal, body?: unknown): Promise<unknown> {
    const { ok, json } = await this.#fetch(method, path, signal, body);
    if (ok) return json;
    const failure = v.safeParse(Failure, json);
    if (!failure.success) throw unreachable();
    const { error, message = error, fix = "" } = failure.output.meta;
    throw new AdminError(error, message, fix);
  }

  async #fetch(method: string, path: string, signal: AbortSignal | undefined, body: unknown) {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await fetch(`${API}/${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}` },
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const json: unknown = await response.json();
      return { ok: response.ok, json };
    } catch (cause) {
      throw unreachable(cause);
    }
  }
}

function unreachable(cause?: unknown): AdminError {
  return new AdminError(
    "edge_unreachable",
    "The edge does not answer.",
    "Its own state may be fine: check this network.",
    {
      cause,
    },
  );
}

/** Whatever was thrown, as an error that can be shown. */
export function asAdminError(error: unknown): AdminError {
  return error instanceof AdminError ? error : unreachable(error);
}
