/** The operators' API, under `/admin/api`. Its page is a static file beside it and has no rights of its own. */
import { type Context, Hono } from "hono";
import type { DirectoryCache } from "../directory-cache.ts";
import { refuse } from "../routes/reply.ts";
import type { EdgeEnv } from "../routes/types.ts";
import { postDrain, putLimit } from "./actions.ts";
import { operatorsOnly } from "./auth.ts";
import { endCall, postCall, redirectCall } from "./calls.ts";
import { deleteGatewayCode, deleteGatewayKey, getGateway, postGatewayKey } from "./gateway.ts";
import { getOverview } from "./overview.ts";
import { endSession, inspectSession, listSessions } from "./sessions.ts";

type Handler = (c: Context<EdgeEnv>) => Promise<Response>;

export function adminApi(directory: DirectoryCache): Hono<EdgeEnv> {
  const api = new Hono<EdgeEnv>();
  // No other origin's page may call it: it sends no CORS headers.
  api.use(operatorsOnly);
  const route = (path: string, methods: Readonly<Record<string, Handler>>) => {
    for (const [method, handler] of Object.entries(methods)) api.on(method, path, handler);
    api.all(path, () => {
      const refusal = refuse("method_not_allowed");
      refusal.headers.set("allow", Object.keys(methods).join(", "));
      return refusal;
    });
  };
  route("/overview", { GET: getOverview });
  route("/nodes/:node/drain", { POST: postDrain });
  route("/streams/:stream/limit", { PUT: (c) => putLimit(c, directory) });
  route("/streams/:stream/sessions", { GET: (c) => listSessions(c, directory) });
  route("/streams/:stream/sessions/:clientId", {
    GET: (c) => inspectSession(c, directory),
    DELETE: (c) => endSession(c, directory),
  });
  route("/calls", { POST: (c) => postCall(c, directory) });
  route("/calls/:callId", { PUT: (c) => redirectCall(c, directory), DELETE: endCall });
  route("/gateway", { GET: getGateway });
  route("/gateway/keys", { POST: postGatewayKey });
  route("/gateway/keys/:name", { DELETE: deleteGatewayKey });
  route("/gateway/codes/:code", { DELETE: deleteGatewayCode });
  api.all("*", () => refuse("not_found"));
  return api;
}
