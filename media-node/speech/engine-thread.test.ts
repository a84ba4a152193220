import { afterEach, describe, expect, it, vi } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { CLOSE_GRACE_MS, EngineThread, type LoadProgram, RESTART_PAUSE_MS } from "./engine-thread.ts";

/** A worker thread made of a few lines of JavaScript, with `port` at hand. */
const program = (code: string) => ({
  url: new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort as port } from "node:worker_threads";${code}`)}`,
  ),
  data: undefined,
});
const ECHO = `port.on("message", (m) => m === "close" ? port.close() : m === "die" ? process.exit(3) : m === "throw" ? foo() : port.postMessage("echo " + m)); port.postMessage("ready");`;

const threads: EngineThread[] = [];
afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.close();
});

function open(load: LoadProgram) {
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
    const { thread, downs } = open(async () => program(ECHO));
    const started = expect(thread.start()).rejects.toMatchObject({ code: "speech_stopped" });
    await new Promise((resolve) => setImmediate(resolve));
    await thread.close();
    await started;
    await expect(thread.start()).rejects.toThrow("closed");
    expect(downs).toEqual([]);
  });

  it("stops the fetching of a model when it is closed", async () => {
    const { thread } = open(
      (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    const started = expect(thread.start()).rejects.toThrow("closed");
    await thread.close();
    await started;
  });

  it("is allowed to finish its step when it is closed, but not for ever", async () => {
    const finishing = open(async () =>
      program(`port.once("message", () => setTimeout(() => port.postMessage("done"), 30)); port.postMessage("ready");`),
    );
    await finishing.thread.start();
    await finishing.thread.close();
    expect(finishing.messages).toEqual(["done"]);
    expect(finishing.clock.pending).toBe(0);

    const stuck = open(async () => program(`port.on("message", () => {}); port.postMessage("ready");`));
    await stuck.thread.start();
    const closed = stuck.thread.close();
    stuck.clock.advance(CLOSE_GRACE_MS);
    await closed;
    expect(stuck.downs).toEqual([]);
  });
});
