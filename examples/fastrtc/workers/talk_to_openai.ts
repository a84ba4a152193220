/** The page is told each line as the handler has it. */
import { createDemo, idOf } from "./demo.ts";

export { Directory, MediaNode, Session, Stream } from "edgertc/worker";

export default createDemo((app, edge) => {
  app.get("/outputs", (c) => edge.session(c.env, idOf(c)).events(c.req.raw, ({ args }) => args));
});
