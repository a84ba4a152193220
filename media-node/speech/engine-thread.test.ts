import { afterEach, describe, expect, it, vi } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { EngineThread, RESTART_PAUSE_MS } from "./engine-thread.ts";

/** A worker thread made of a few lines of JavaScript, with `port` at hand. */
const program = (code: string) => ({
  url: new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort as port } from "node:worker_threads";${code}`)}`,
  ),
  data: undefined,
});
const ECHO = `port.on("message", (m) => m === "die" ? process.exit(3) : m === "throw" ? foo() : port.postMessage("echo " + m)); port.postMessage("ready");`;

const threads: EngineThread[] = [];
afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.close();
});

function open(load: () => Promise<ReturnType<typeof program>>) {
  const clock = new VirtualClock();
  const messages: unknown[] = [];
  const downs: string[] = [];
  const thread = new EngineThread({
    name: "test engine",
    load,
    onMessage: (message) => messages.push(message),
    onDown: (error) => downs.push(error.message),
    clock,
  });
  threads.push(thread);
  return { thread, clock, messages, downs };
}

describe("EngineThread", () => {
  it("starts once for all who ask, and passes messages both ways", async () => {
    const load = vi.fn(async () => program(ECHO));
    const { thread, messages } = open(load);
    expect(thread.post("too early")).toBe(false);
    await Promise.all([thread.start(), thread.start()]);
    await thread.start();
    expect(load).toHaveBeenCalledTimes(1);
    expect(thread.post("hello")).toBe(true);
    await vi.waitFor(() => expect(messages).toEqual(["echo hello"]));
  });

  it.each([
    ["die", "code 3"],
    ["throw", "foo is not defined"],
  ])("tells that it went down on %j, and starts anew when asked", async (word, why) => {
    const { thread, downs, messages } = open(async () => program(ECHO));
    await thread.start();
    thread.post(word);
    await vi.waitFor(() => expect(downs).toHaveLength(1));
    expect(downs[0]).toContain(why);
    expect(thread.running).toBe(false);
    await thread.start();
    thread.post("again");
    await vi.waitFor(() => expect(messages).toEqual(["echo again"]));
  });

  it("is not started a third time in a row before a pause is over", async () => {
    const load = vi.fn(async () => program("nonsense"));
    const { thread, clock, downs } = open(load);
    for (let i = 0; i < 5; i++) await expect(thread.start()).rejects.toMatchObject({ code: "speech_stopped" });
    expect(load).toHaveBeenCalledTimes(2);
    expect(downs).toHaveLength(2);
    clock.advance(RESTART_PAUSE_MS);
    await expect(thread.start()).rejects.toThrow("nonsense is not defined");
    expect(load).toHaveBeenCalledTimes(3);
  });

  it("passes on why the model cannot be loaded", async () => {
    const { thread, downs } = open(() => Promise.reject(new Error("no model")));
    await expect(thread.start()).rejects.toThrow("no model");
    expect(downs).toEqual(["no model"]);
  });

  it("can be closed while it starts, and stays closed", async () => {
    const { thread, downs } = open(async () => program(`setInterval(() => {}, 1000);`));
    const started = expect(thread.start()).rejects.toMatchObject({ code: "speech_stopped" });
    await new Promise((resolve) => setImmediate(resolve));
    await thread.close();
    await started;
    await expect(thread.start()).rejects.toThrow("closed");
    expect(downs).toEqual([]);
  });
});
