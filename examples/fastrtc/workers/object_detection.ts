/** The page sends its slider's value, while it is moved. */
import { createDemo, readInputs } from "./demo.ts";

export { Directory, MediaNode, Session, Stream } from "edgertc/worker";

export default createDemo((app, edge) => {
  app.post("/input_hook", async (c) => {
    const { id, inputs } = await readInputs(c);
    await edge.session(c.env, id).setInput(inputs);
    return c.json({ status: "ok" });
  });
});
