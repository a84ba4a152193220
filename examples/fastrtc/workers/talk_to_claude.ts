/** The page sends its conversation with each turn, and is told each line that is new. */
import { createDemo, idOf, readInputs } from "./demo.ts";

export { Directory, MediaNode, Session, Stream } from "edgertc/worker";

export default createDemo((app, edge) => {
  app.post("/input_hook", async (c) => {
    const { id, inputs } = await readInputs(c);
    await edge.session(c.env, id).setInput(inputs);
    return c.json({ status: "ok" });
  });

  app.get("/outputs", (c) =>
    edge
      .session(c.env, idOf(c))
      .events(c.req.raw, ({ args: [chatbot] }) => (Array.isArray(chatbot) ? chatbot.slice(-1) : [])),
  );
});
