import { afterEach, describe, expect, it, vi } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { JobPool, MAX_ABANDONED_THREADS } from "./job-pool.ts";

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
  else if (payload === "hang") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  else port.postMessage({ kind: "done", id, result: payload.toUpperCase() });
});
port.postMessage("ready");`;

const threads: JobPool<string>[] = [];
afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.close();
});

function open(
  load = async () => ({ url: new URL(`data:text/javascript,${encodeURIComponent(CODE)}`), data: undefined }),
  options: { threads?: number; timeoutMs?: number; clock?: VirtualClock } = {},
) {
  const thread = new JobPool<string>({
    name: "test engine",
    load,
    maxQueued: 3,
    overloaded: "stt_overloaded",
    ...options,
    parseResult: (raw) => {
      if (typeof raw !== "string") throw new TypeError("no string");
      return raw;
    },
  });
  threads.push(thread);
  return thread;
}

describe("JobPool", () => {
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

  it("does what is due sooner first, and what came first of two", async () => {
    const clock = new VirtualClock();
    const pool = open(undefined, { clock });
    await pool.ready();
    const stop = new AbortController();
    const blocked = pool.run("wait", { signal: stop.signal });
    const order: string[] = [];
    const add = (name: string, slackMs: number) => pool.run(name, { slackMs }).then((done) => order.push(done));
    const jobs = [add("later", 1_000), add("first", 0)];
    clock.advance(1_500);
    jobs.push(add("last", 0));
    stop.abort(new Error("go on"));
    await expect(blocked).rejects.toThrow("go on");
    await Promise.all(jobs);
    expect(order).toEqual(["FIRST", "LATER", "LAST"]);
  });

  it("does spare work only while nothing else is to be done", async () => {
    const pool = open();
    await pool.ready();
    expect(await pool.run("a", { spare: true })).toBe("A");
    const spare = pool.run("wait", { spare: true });
    const givenUp = expect(spare).rejects.toMatchObject({ code: "stt_overloaded" });
    await expect(pool.run("a", { spare: true })).rejects.toMatchObject({ code: "stt_overloaded" });
    expect(await pool.run("b")).toBe("B");
    await givenUp;
  });

  it("counts its jobs by how they ended, and the time its thread had one", async () => {
    const clock = new VirtualClock();
    const pool = open(undefined, { clock, timeoutMs: 5_000 });
    await pool.ready();
    const stop = new AbortController();
    const outcomes = Promise.allSettled([
      pool.run("wait", { signal: stop.signal }),
      ...["a", "fail", "hang"].map((job) => pool.run(job)),
      pool.run("one too many"),
      pool.run("and only if there is time", { spare: true }),
    ]);
    clock.advance(300);
    expect(pool.usage).toMatchObject({ queued: 3, busyMs: 300 });
    stop.abort(new Error("enough"));
    await vi.waitFor(() => expect(pool.usage).toMatchObject({ queued: 0, jobs: { done: 1, failed: 1 } }));
    clock.advance(5_000);
    await outcomes;
    expect(pool.usage).toEqual({
      queued: 0,
      jobs: { done: 1, failed: 1, timed_out: 1, refused: 1, given_up: 2 },
      busyMs: 5_300,
    });
  });

  it("does as many jobs at once as it has threads", async () => {
    const pool = open(undefined, { threads: 2 });
    await pool.ready();
    const stop = new AbortController();
    const blocked = pool.run("wait", { signal: stop.signal });
    expect(await pool.run("a")).toBe("A");
    stop.abort(new Error("enough"));
    await expect(blocked).rejects.toThrow("enough");
  });

  it("fails a job that takes too long, and goes on in another thread", async () => {
    const clock = new VirtualClock();
    const pool = open(undefined, { clock, timeoutMs: 5_000 });
    await pool.ready();
    const hanging = expect(pool.run("hang")).rejects.toMatchObject({ code: "speech_timeout" });
    const next = pool.run("a");
    clock.advance(5_000);
    await hanging;
    expect(await next).toBe("A");
    expect(clock.pending).toBe(0);
  });

  it("does not pile up stuck threads: past a few it says so, until one comes back", async () => {
    const clock = new VirtualClock();
    const pool = open(undefined, { clock, timeoutMs: 5_000 });
    for (let i = 0; i <= MAX_ABANDONED_THREADS; i++) {
      await pool.ready();
      const hanging = expect(pool.run("hang")).rejects.toMatchObject({ code: "speech_timeout" });
      clock.advance(5_000);
      await hanging;
    }
    await expect(pool.run("a")).rejects.toThrow("stuck");
    await vi.waitFor(async () => expect(await pool.run("a")).toBe("A"), { timeout: 5_000 });
  });
});
