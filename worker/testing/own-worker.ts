/** A Worker of a developer's own, for the system tests: the edge under a prefix, and routes that use every method of a session. */
import { Hono } from "hono";
import { createEdge, type Env } from "../index.ts";

export { Directory, MediaNode, Session, Stream } from "../index.ts";

const edge = createEdge();
const app = new Hono<{ Bindings: Env }>();

app.get("/", (c) => c.text("my own page"));

app.post("/:stream/:id/:action", async (c) => {
  const { stream, id, action } = c.req.param();
  const session = edge.session(c.env, id, stream);
  if (action === "input") await session.setInput(await c.req.json());
  else if (action === "answer") await session.triggerResponse();
  else if (action === "hang_up") await session.updateConnection("closed");
  else if (action === "close") await session.close();
  else return c.notFound();
  return c.body(null, 204);
});

/** The session's outputs so far, as a list: the first `count`. */
app.get("/:stream/:id/outputs", async (c) => {
  const seen: unknown[] = [];
  const count = Number(c.req.query("count"));
  for await (const { args } of edge.session(c.env, c.req.param("id"), c.req.param("stream")).outputs()) {
    seen.push(args);
    if (seen.length === count) break;
  }
  return c.json(seen);
});

app.route("/voice", edge.app);
app.notFound(edge.notFound);

export default app;
