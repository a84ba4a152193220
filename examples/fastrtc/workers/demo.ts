/** What the demos' Workers share: the page at `/`, its own routes, and the edge behind them. */
import { createEdge, type Edge, type Env } from "edgertc/worker";
import { type Context, Hono } from "hono";

export type App = Hono<{ Bindings: Env }>;

/** @param addRoutes adds what the page's Python app had beside `stream.mount(app)`. */
export function createDemo(addRoutes: (app: App, edge: Edge) => void): App {
  const edge = createEdge();
  const app: App = new Hono();
  app.get("/", (c) => page(c, edge));
  addRoutes(app, edge);
  app.route("/", edge.app);
  app.notFound(edge.notFound);
  return app;
}

/** A request's JSON: its `webrtc_id`, and the inputs beside it. What they may be, the stream declares. */
export async function readInputs(c: Context): Promise<{ id: string; inputs: Readonly<Record<string, unknown>> }> {
  const body: unknown = await c.req.json();
  if (typeof body !== "object" || body === null) return { id: "", inputs: {} };
  const { webrtc_id: id, ...inputs } = body as Record<string, unknown>;
  return { id: String(id), inputs };
}

export const idOf = (c: Context): string => c.req.query("webrtc_id") ?? "";

/** FastRTC's page, with the ICE servers in the place that it has for them. */
async function page(c: Context<{ Bindings: Env }>, edge: Edge): Promise<Response> {
  const file = await c.env.ASSETS?.fetch(c.req.raw);
  if (file === undefined || !file.ok) return c.text("Give the page's folder with --assets.", 404);
  const turn = await edge.app.request("/turn", { headers: c.req.raw.headers }, c.env);
  const configuration = turn.ok ? JSON.stringify(await turn.json()) : "null";
  // A function: in a text, `$` would mean something.
  return c.html((await file.text()).replaceAll("__RTC_CONFIGURATION__", () => configuration));
}
