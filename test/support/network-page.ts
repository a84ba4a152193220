/** A page of its own for the client: it calls, numbers the texts that it sends, and notes when it hears something. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What the page leaves for the test. Times are the page's, in milliseconds. */
export interface Notes {
  readonly sid: string | null;
  readonly state: string;
  readonly states: readonly string[];
  readonly nowMs: number;
  /** When something was last heard. */
  readonly loudAtMs: number;
  /** The silences of over 250 ms: from when to when. */
  readonly silences: readonly (readonly [fromMs: number, toMs: number])[];
  readonly texts: readonly string[];
  /** Texts sent. */
  readonly sent: number;
}

const PAGE = `<!doctype html><title>call</title><script type="module">
import { createCall } from "/client.js";
// Without the browser's own cleaning of voices, which takes a steady tone for noise.
const call = createCall({ stream: "numbered", audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
const [states, texts, silences] = [[], [], []];
let [sent, loudAtMs] = [0, 0];
call.on("state", ({ name }) => states.push(name));
call.on("message", ({ text, message }) => { if (message === null) texts.push(text); });
call.on("levels", ({ output }) => {
  if (output < 0.2) return;
  const nowMs = performance.now();
  if (loudAtMs > 0 && nowMs - loudAtMs > 250) silences.push([loudAtMs, nowMs]);
  loudAtMs = nowMs;
});
setInterval(() => {
  // While it is interrupted, too: what the old channel takes must not be lost.
  try { call.send(JSON.stringify({ type: "number", number: sent + 1 })); sent += 1; } catch (error) { if (error.code !== "not_connected") throw error; }
}, 100);
globalThis.notes = () => ({ sid: call.info.sid, state: call.state.name, states, nowMs: performance.now(), loudAtMs, silences, texts, sent });
await call.start();
</script>`;

/** Builds the client, and the page that uses it, into a folder: an edge's assets. */
export async function buildNetworkPage(folder: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: "error",
    root: ROOT,
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "es2022",
      lib: { entry: path.join(ROOT, "client/index.ts"), formats: ["es"], fileName: "client" },
    },
  });
  await writeFile(path.join(folder, "call.html"), PAGE);
  // What the edge has for any other path.
  await writeFile(path.join(folder, "index.html"), await readFile(path.join(folder, "call.html")));
}
