/** Routes with names of their own: the page's transcript comes in, and the last line of the new one goes out, as text. */
import { createDemo, idOf, readInputs } from "./demo.ts";

export { Directory, MediaNode, Session, Stream } from "edgertc/worker";

export default createDemo((app, edge) => {
  app.post("/send_input", async (c) => {
    const { id, inputs } = await readInputs(c);
    await edge.session(c.env, id).setInput(inputs);
    return c.json({ status: "ok" });
  });

  app.get("/transcript", (c) =>
    edge
      .session(c.env, idOf(c))
      .events(c.req.raw, ({ args: [transcript] }) =>
        typeof transcript === "string" ? transcript.split("\n").slice(-1) : [],
      ),
  );
});
