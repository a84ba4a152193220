/** The Worker's routes, as a Hono app that can be mounted into another under any prefix. */
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import { NODE_ICE_SERVERS_PATH } from "../shared/turn.ts";
import { EDGERTC_VERSION, PROTOCOL_VERSION } from "../shared/version.ts";
import { DirectoryCache } from "./directory-cache.ts";
import { log, reasonOf } from "./log.ts";
import { getNodeLink } from "./routes/node-link.ts";
import { postOffer } from "./routes/offer.ts";
import { refuse } from "./routes/reply.ts";
import { getConfig, getSession, getStreams } from "./routes/streams.ts";
import { getNodeIceServers, getTurn } from "./routes/turn.ts";
import type { EdgeEnv } from "./routes/types.ts";
import { type TurnOptions, TurnService } from "./turn/service.ts";

export interface AppOptions {
  /** Where TURN comes from. Default: the Worker's variables (docs/turn.md). */
  readonly turn?: TurnOptions;
}

/**
 * The edge's HTTP API.
 *
 * @example
 * ```ts
 * const app = new Hono().route("/voice", createApp());
 * ```
 */
export function createApp(options: AppOptions = {}): Hono<EdgeEnv> {
  const app = new Hono<EdgeEnv>();
  const directory = new DirectoryCache(Date.now);
  const turn = new TurnService(options.turn ?? {});

  // Any page may call a stream. The node link is no business of pages.
  const anyOrigin = cors({ origin: "*", allowMethods: ["GET", "POST"] });

  const route = (method: "GET" | "POST", paths: string[], handler: (c: Context<EdgeEnv>) => Promise<Response>) => {
    for (const path of paths) {
      app.use(path, anyOrigin);
      app.on(method, path, handler);
      app.all(path, (c) => c.json({ detail: "Method Not Allowed" }, 405, { allow: method }));
    }
  };
  route("POST", ["/webrtc/offer", "/:stream/webrtc/offer"], (c) => postOffer(c, directory));
  route("GET", ["/config", "/:stream/config"], (c) => getConfig(c, directory, turn));
  route("GET", ["/sessions/:id", "/:stream/sessions/:id"], (c) => getSession(c, directory));
  route("GET", ["/turn", "/:stream/turn"], (c) => getTurn(c, directory, turn));
  route("GET", ["/streams"], getStreams);
  route("GET", ["/health"], async (c) =>
    c.json({ status: "ok", version: EDGERTC_VERSION, protocol: PROTOCOL_VERSION }),
  );
  app.get("/node/link", getNodeLink);
  app.get(NODE_ICE_SERVERS_PATH, (c) => getNodeIceServers(c, turn));

  app.notFound(() => refuse("not_found"));
  app.onError((error, c) => {
    log("error", "request_failed", { path: new URL(c.req.url).pathname, reason: reasonOf(error) });
    return refuse("internal");
  });
  return app;
}
