/** What was typed comes as an input: the handler is told to answer at once. */
import { createDemo, idOf, readInputs } from "./demo.ts";

export { Directory, MediaNode, Session, Stream } from "edgertc/worker";

export default createDemo((app, edge) => {
  app.post("/input_hook", async (c) => {
    const { id, inputs } = await readInputs(c);
    const session = edge.session(c.env, id);
    await session.setInput(inputs);
    // The page sends the field with each turn; it is empty where the user spoke.
    if (inputs["textbox"] !== "") await session.triggerResponse();
    return c.json({ status: "ok" });
  });

  app.get("/outputs", (c) =>
    edge
      .session(c.env, idOf(c))
      .events(c.req.raw, ({ args: [state, audio] }) =>
        Array.isArray(state) ? [{ message: state.at(-1), audio }] : [],
      ),
  );
});
