/**
 * The edge alone, as a process: `node bench/lib/admission-edge.ts <state folder>`. No media node and no page, in bare
 * workerd, with the bench's own Worker around what is shipped. Prints its address and runs until it is told to stop.
 */
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startLocalEdge } from "../../media-node/local/edge.ts";
import { ADMISSION_SECRET } from "./admission-node.ts";

const [stateDir = "."] = process.argv.slice(2);
const edge = await startLocalEdge({
  host: "127.0.0.1",
  port: 0,
  stateDir: path.join(stateDir, "admission"),
  secret: ADMISSION_SECRET,
  main: fileURLToPath(new URL("../admission-worker/index.ts", import.meta.url)),
  objects: { FLOOR: "Floor" },
  direct: true,
});
console.log(`EdgeRTC is running\n${edge.url}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void edge.stop());
