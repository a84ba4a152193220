/** `GET /openapi.json` and `GET /asyncapi.json`: the edge's interfaces as data. Made once for each address that it is reached by. */
import type { Context } from "hono";
import { asyncApi } from "../api/asyncapi.ts";
import { openApi } from "../api/openapi.ts";
import type { EdgeEnv } from "./types.ts";

const DESCRIPTIONS = { "/openapi.json": openApi, "/asyncapi.json": asyncApi } as const;
export const API_DESCRIPTION_PATHS = ["/openapi.json", "/asyncapi.json"] as const;
type DescriptionPath = (typeof API_DESCRIPTION_PATHS)[number];

/** A deployment has one address or a few; whoever sends any Host header they like fills no memory. */
const MAX_ADDRESSES = 8;

export class ApiDescriptions {
  readonly #texts = new Map<string, string>();

  reply(c: Context<EdgeEnv>, path: DescriptionPath): Response {
    const { origin, pathname } = new URL(c.req.url);
    const address = `${origin}${pathname}`;
    const text = this.#texts.get(address) ?? JSON.stringify(DESCRIPTIONS[path](address.slice(0, -path.length)));
    if (this.#texts.size < MAX_ADDRESSES) this.#texts.set(address, text);
    return new Response(text, {
      headers: { "content-type": "application/json", "cache-control": "public, max-age=300" },
    });
  }
}
