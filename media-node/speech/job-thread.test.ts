import { afterEach, describe, expect, it, vi } from "vitest";
import { JobThread } from "./job-thread.ts";

/** Answers at once, fails, dies, or waits until it is cancelled, as the payload says. */
const CODE = `
import { parentPort as port } from "node:worker_threads";
let waiting;
port.on("message", (message) => {
  if (message === "close") return port.close();
  const { kind, id, payload } = message;
  if (kind === "cancel") { if (waiting === id) port.postMessage({ kind: "done", id, result: "cancelled" }); return; }
  if (payload === "die") process.exit(1);
  else if (payload === "fail") port.postMessage({ kind: "failed", id, error: "cannot do it" });
  else if (payload === "number") port.postMessage({ kind: "done", id, result: 7 });
  else if (payload === "wait") waiting = id;
  else port.postMessage({ kind: "done", id, result: payload.toUpperCase() });
});
port.postMessage("ready");`;

const threads: JobThread<string>[] = [];
afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.close();
});

function open(
  load = async () => ({ url: new URL(`data:text/javascript,${encodeURIComponent(CODE)}`), data: undefined }),
) {
  const thread = new JobThread<string>({
    name: "test engine",
    load,
    maxQueued: 3,
    overloaded: "stt_overloaded",
    parseResult: (raw) => {
      if (typeof raw !== "string") throw new TypeError("no string");
      return raw;
    },
  });
  threads.push(thread);
  return thread;
}

describe("JobThread", () => {
  it("does jobs in order, starting by itself", async () => {
    const thread = open();
    expect(await Promise.all([thread.run("a"), thread.run("b"), thread.run("c")])).toEqual(["A", "B", "C"]);
  });

  it("refuses more jobs than may wait, and takes them again when there is room", async () => {
    const thread = open();
    await thread.ready();
    const stop = new AbortController();
    const blocked = thread.run("wait", { signal: stop.signal });
    const waiting = ["a", "b", "c"].map((job) => thread.run(job));
    await expect(thread.run("d")).rejects.toMatchObject({ code: "stt_overloaded" });
    stop.abort(new Error("enough"));
    await expect(blocked).rejects.toThrow("enough");
    expect(await Promise.all(waiting)).toEqual(["A", "B", "C"]);
    expect(await thread.run("d")).toBe("D");
  });

  it("takes a cancelled job out of the queue without doing it", async () => {
    const thread = open();
    await thread.ready();
    const [running, queued] = [new AbortController(), new AbortController()];
    const first = thread.run("wait", { signal: running.signal });
    const second = thread.run("die", { signal: queued.signal });
    queued.abort(new Error("not wanted"));
    await expect(second).rejects.toThrow("not wanted");
    expect(thread.queued).toBe(0);
    running.abort(new Error("nor this"));
    await expect(first).rejects.toThrow("nor this");
    expect(await thread.run("a")).toBe("A");
    await expect(thread.run("a", { signal: queued.signal })).rejects.toThrow("not wanted");
  });

  it("fails the job it died of, and does the next ones in a new thread", async () => {
    const thread = open();
    await thread.ready();
    const [fatal, next] = [thread.run("die"), thread.run("a")];
    await expect(fatal).rejects.toMatchObject({ code: "speech_stopped" });
    expect(await next).toBe("A");
  });

  it("passes on what a job fails with, and goes on", async () => {
    const thread = open();
    await expect(thread.run("fail")).rejects.toThrow("cannot do it");
    expect(await thread.run("a")).toBe("A");
  });

  it("fails a job whose result is not what it should be, and goes on", async () => {
    const thread = open();
    await expect(thread.run("number")).rejects.toThrow("no string");
    expect(await thread.run("a")).toBe("A");
  });

  it("fails what waits for a model that cannot be had", async () => {
    const thread = open(() => Promise.reject(new Error("offline")));
    await expect(Promise.all([thread.run("a"), thread.run("b")])).rejects.toThrow("offline");
    expect(thread.queued).toBe(0);
  });

  it("fails everything when it is closed, and takes nothing more", async () => {
    const thread = open();
    await thread.ready();
    const jobs = [thread.run("wait"), thread.run("a")];
    const outcomes = Promise.allSettled(jobs);
    await thread.close();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: "speech_stopped" } });
    await expect(thread.run("a")).rejects.toMatchObject({ code: "speech_stopped" });
  });

  it("keeps no listener on a signal that outlives the job", async () => {
    const thread = open();
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, "removeEventListener");
    const add = vi.spyOn(signal, "addEventListener");
    await thread.run("a", { signal });
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
  });
});
