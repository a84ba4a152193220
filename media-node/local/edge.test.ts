import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { NODE_ID_HEADER, NODE_LINK_PATH } from "../../shared/link.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { startLocalEdge } from "./edge.ts";

/** Bundling and starting workerd, on a machine that is busy with other tests. */
const SLOW_MS = 60_000;

let stateDir: string;
beforeAll(async () => {
  stateDir = await mkdtemp(path.join(tmpdir(), "edgertc-edge-"));
});
afterAll(() => rm(stateDir, { recursive: true, force: true }));

const options = () => ({ host: "127.0.0.1", port: 0, stateDir, secret: "secret" });

/** Says hello as a node and hangs up. */
async function registerStream(url: string, name: string): Promise<void> {
  const socket = new WebSocket(new URL(NODE_LINK_PATH, url), {
    headers: { authorization: "Bearer secret", [NODE_ID_HEADER]: "test" },
  });
  await once(socket, "open");
  const stream = {
    name,
    modality: "audio",
    mode: "send",
    concurrencyLimit: 1,
    timeLimit: null,
    allowExtraTracks: false,
    rtcConfiguration: null,
    trackConstraints: null,
    ui: {},
    build: 1,
  };
  const load = { sessions: 0, capacity: 1, cpu: 0, ready: true };
  const body = { nodeId: "test", epoch: null, version: "0", streams: [stream], sessions: [], load };
  socket.send(JSON.stringify({ v: PROTOCOL_VERSION, seq: 1, ack: 0, kind: "hello", body }));
  await once(socket, "message");
  socket.close();
  await once(socket, "close");
}

describe("the local edge", { timeout: SLOW_MS }, () => {
  it("starts again on its port with its state, quickly, and leaves nothing running", async () => {
    const first = await startLocalEdge(options());
    await registerStream(first.url, "kept");
    await first.stop();
    await expect(fetch(`${first.url}/health`)).rejects.toThrow();
    const second = await startLocalEdge({ ...options(), port: Number(new URL(first.url).port) });
    expect(second.url).toBe(first.url);
    expect(await (await fetch(`${second.url}/kept/config`)).json()).toMatchObject({
      name: "kept",
      protocol: PROTOCOL_VERSION,
    });
    await second.stop();
  });

  it("says so when its port is taken", async () => {
    const edge = await startLocalEdge(options());
    const again = startLocalEdge({ ...options(), port: Number(new URL(edge.url).port) });
    await expect(again).rejects.toThrow("already in use");
    await edge.stop();
  });

  it.skipIf(process.platform !== "linux")("takes workerd with it when its own process is killed", async () => {
    const script = `
      const { startLocalEdge } = await import(${JSON.stringify(fileURLToPath(new URL("./edge.ts", import.meta.url)))});
      const edge = await startLocalEdge(${JSON.stringify(options())});
      console.log(edge.url);
      setInterval(() => undefined, 1_000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface(child.stdout);
    const exited = once(child, "exit").then(([code]) => Promise.reject(new Error(`it ended with ${code}`)));
    const [url] = await Promise.race([once(lines, "line"), exited]);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const before = await descendants(child.pid ?? 0);
    expect(before.length).toBeGreaterThan(0);
    child.kill("SIGKILL");
    await expect(exited).rejects.toThrow("it ended");
    lines.close();
    await vi.waitFor(async () => expect(await running(before)).toEqual([]), { timeout: 10_000 });
  });
});

/** Processes that a process started. */
async function descendants(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (/^\d+$/.test(name) && (await statOf(Number(name)))?.parent === pid) found.push(Number(name));
  }
  return found;
}

async function running(pids: readonly number[]): Promise<number[]> {
  const stats = await Promise.all(pids.map(statOf));
  return pids.filter((_, index) => stats[index] !== null && stats[index]?.state !== "Z");
}

async function statOf(pid: number): Promise<{ state: string; parent: number } | null> {
  // A process that has ended meanwhile has no file.
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  const [, state, parent] = /\) (\S) (\d+)/.exec(stat ?? "") ?? [];
  return state === undefined ? null : { state, parent: Number(parent) };
}
