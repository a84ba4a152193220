/** The Worker's routes, as a Hono app that can be mounted into another under any prefix. */
import { type Context, Hono } from "hono";
import { ADMIN_API_PATH } from "../shared/admin.ts";
import { DEFAULT_STREAM } from "../shared/ids.ts";
import { NODE_MEDIA_PATH } from "../shared/link.ts";
import { GATEWAY_PATH } from "../shared/telephone/gateway.ts";
import { NODE_ICE_SERVERS_PATH } from "../shared/turn.ts";
import { EDGERTC_VERSION, PROTOCOL_VERSION } from "../shared/version.ts";
import { adminApi } from "./admin/index.ts";
import { DirectoryCache } from "./directory-cache.ts";
import { EdgeSession, SessionError } from "./edge-session.ts";
import type { Env } from "./env.ts";
import { KnownSessions } from "./known-sessions.ts";
import { log, reasonOf } from "./log.ts";
import { isOlder, isReset } from "./objects/call.ts";
import { API_DESCRIPTION_PATHS, ApiDescriptions } from "./routes/api-description.ts";
import { postGatewayCode, postGatewayIncoming, postGatewayStatus } from "./routes/gateway.ts";
import { postRegister, postUnregister } from "./routes/gateway-register.ts";
import { postInputs } from "./routes/inputs.ts";
import { getNodeLink, getNodeMedia } from "./routes/node-link.ts";
import { postOffer } from "./routes/offer.ts";
import { originsAllowed, refuseOrigin } from "./routes/origins.ts";
import { getOutputs } from "./routes/outputs.ts";
import { deleteTicket, getTicket } from "./routes/queue.ts";
import { refuse } from "./routes/reply.ts";
import { deleteSession, getSession } from "./routes/sessions.ts";
import { getConfig, getStreams } from "./routes/streams.ts";
import { postIncoming } from "./routes/telephone.ts";
import { getCallSocket } from "./routes/telephone-socket.ts";
import { getNodeIceServers, getTurn } from "./routes/turn.ts";
import type { EdgeEnv } from "./routes/types.ts";
import { getSocket } from "./routes/websocket.ts";
import { type TurnOptions, TurnService } from "./turn/service.ts";

export interface AppOptions {
  /** Path prefix of every route, such as `/voice`. Default none. An app that is mounted into another needs none. */
  readonly basePath?: string;
  /** Origins whose pages may call, such as `https://example.com`. Default: the variable EDGERTC_ALLOWED_ORIGINS, else any. */
  readonly allowedOrigins?: readonly string[];
  /** Where TURN comes from. Default: the Worker's variables (docs/turn.md). */
  readonly turn?: TurnOptions;
}

/** The edge in a Worker of one's own: its routes, and its sessions for routes beside them. */
export interface Edge {
  /** The HTTP API, to mount: `app.route("/", edge.app)`. */
  readonly app: Hono<EdgeEnv>;
  /** A session of a stream, by what its client calls it (`webrtc_id`). Default stream: the one at the root. */
  session(env: Env, clientId: string, stream?: string): EdgeSession;
  /** The built-in page's files, else the catalogue's 404: `app.notFound(edge.notFound)`. */
  notFound(c: Context<EdgeEnv>): Promise<Response>;
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
  return createEdge(options).app;
}

/**
 * The edge with its sessions in reach: for a Worker that has routes of its own (docs/custom-routes.md).
 *
 * @example
 * ```ts
 * const edge = createEdge();
 * const app = new Hono<{ Bindings: Env }>();
 * app.post("/hang_up", async (c) => {
 *   await edge.session(c.env, c.req.query("webrtc_id") ?? "").close();
 *   return c.body(null, 204);
 * });
 * app.route("/", edge.app);
 * export default app;
 * ```
 */
export function createEdge(options: AppOptions = {}): Edge {
  const app = new Hono<EdgeEnv>().basePath(options.basePath ?? "");
  const directory = new DirectoryCache(Date.now);
  const caches = { directory, known: new KnownSessions(Date.now) };
  const turn = new TurnService(options.turn ?? {});

  // The node link is no business of pages.
  const origins = originsAllowed(options.allowedOrigins);

  type Method = "GET" | "POST" | "DELETE";
  type Handler = (c: Context<EdgeEnv>) => Promise<Response>;
  const routes = (paths: string[], handlers: Partial<Record<Method, Handler>>) => {
    for (const path of paths) {
      app.use(path, origins);
      for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handler);
      const allow = Object.keys(handlers).join(", ");
      app.all(path, (c) => c.json({ detail: "Method Not Allowed" }, 405, { allow }));
    }
  };
  const route = (method: Method, paths: string[], handler: Handler) => routes(paths, { [method]: handler });
  route("POST", ["/webrtc/offer", "/:stream/webrtc/offer"], (c) => postOffer(c, directory));
  for (const path of ["/telephone/handler", "/:stream/telephone/handler"]) {
    app.get(path, (c) => getCallSocket(c, directory));
    app.get(`${path}/:ticket`, (c) => getCallSocket(c, directory));
  }
  for (const path of ["/websocket/offer", "/:stream/websocket/offer"]) {
    app.get(path, (c) => refuseOrigin(c, options.allowedOrigins) ?? getSocket(c, directory));
  }
  app.get(NODE_MEDIA_PATH, getNodeMedia);
  route("GET", ["/config", "/:stream/config"], (c) => getConfig(c, directory, turn));
  route("POST", ["/input_hook", "/:stream/input_hook"], (c) => postInputs(c, caches));
  route("GET", ["/outputs", "/:stream/outputs"], (c) => getOutputs(c, caches));
  routes(["/sessions/:id", "/:stream/sessions/:id"], {
    GET: (c) => getSession(c, caches),
    DELETE: (c) => deleteSession(c, caches),
  });
  routes(["/queue/:ticket", "/:stream/queue/:ticket"], {
    GET: (c) => getTicket(c, directory),
    DELETE: (c) => deleteTicket(c, directory),
  });
  route("POST", [`${GATEWAY_PATH}/incoming`], postGatewayIncoming);
  route("POST", [`${GATEWAY_PATH}/code`], postGatewayCode);
  route("POST", [`${GATEWAY_PATH}/status`], postGatewayStatus);
  route("POST", [`${GATEWAY_PATH}/register`], (c) => postRegister(c, directory));
  route("POST", [`${GATEWAY_PATH}/unregister`], postUnregister);
  route("POST", ["/telephone/incoming", "/:stream/telephone/incoming"], (c) => postIncoming(c, directory));
  route("GET", ["/turn", "/:stream/turn"], (c) => getTurn(c, directory, turn));
  route("GET", ["/streams"], getStreams);
  route("GET", ["/health"], async (c) =>
    c.json({ status: "ok", version: EDGERTC_VERSION, protocol: PROTOCOL_VERSION, nowMs: Date.now() }),
  );
  const descriptions = new ApiDescriptions();
  for (const path of API_DESCRIPTION_PATHS) route("GET", [path], async (c) => descriptions.reply(c, path));
  app.get("/node/link", getNodeLink);
  app.route(ADMIN_API_PATH, adminApi(directory));
  app.get(NODE_ICE_SERVERS_PATH, (c) => getNodeIceServers(c, turn));

  const notFound = async (c: Context<EdgeEnv>): Promise<Response> => {
    const file = c.req.method === "GET" ? await c.env.ASSETS?.fetch(c.req.raw) : undefined;
    return file === undefined || file.status === 404 ? refuse("not_found") : file;
  };
  app.notFound(notFound);
  app.onError((error, c) => {
    if (error instanceof SessionError) return error.getResponse();
    // Calls that are safe to repeat have been repeated already (objects/call.ts): now it is the client's turn.
    if (isReset(error) || isOlder(error)) {
      log("warn", "edge_restarting", { path: pathOf(c), reason: reasonOf(error) });
      return refuse("edge_restarting");
    }
    log("error", "request_failed", { path: pathOf(c), reason: reasonOf(error) });
    return refuse("internal");
  });
  const session = (env: Env, clientId: string, stream = DEFAULT_STREAM): EdgeSession =>
    new EdgeSession(env, caches, stream, clientId);
  return { app, session, notFound };
}

/** For the log: without the ticket that a telephone call's path may end in. */
function pathOf(c: Context<EdgeEnv>): string {
  return new URL(c.req.url).pathname.replace(/(\/telephone\/handler)\/.*/, "$1/…");
}
