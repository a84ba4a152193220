/** The page is told what the assistant said, as a line of a conversation. */
import { createDemo, idOf } from "./demo.ts";

export { Directory, MediaNode, Session, Stream } from "edgertc/worker";

export default createDemo((app, edge) => {
  app.get("/outputs", (c) =>
    edge
      .session(c.env, idOf(c))
      .events(c.req.raw, ({ args: [said] }) =>
        typeof said === "object" && said !== null
          ? [{ role: "assistant", content: Reflect.get(said, "transcript") }]
          : [],
      ),
  );
});
