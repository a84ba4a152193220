/** The page is told the question and the answer of each turn, as two events. */
import { createDemo, idOf } from "./demo.ts";

export { Directory, MediaNode, Session, Stream } from "edgertc/worker";

export default createDemo((app, edge) => {
  app.get("/outputs", (c) =>
    edge
      .session(c.env, idOf(c))
      .events(c.req.raw, ({ args: [messages] }) =>
        Array.isArray(messages) ? messages.slice(-2).map((message: unknown) => ({ message })) : [],
      ),
  );
});
