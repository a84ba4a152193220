import { describe, expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { AdditionalOutputs } from "./emission.ts";
import { afterReady, Reply as LimitedReply, type ReplyResult } from "./reply.ts";

const frame = { sampleRate: 16_000, samples: new Int16Array(2) };

class Reply extends LimitedReply {
  constructor(start: (signal: AbortSignal) => ReplyResult, clock = new VirtualClock(), ahead = false) {
    super(start, { clock, timeoutMs: 1_000, ahead });
  }
}

class ReplyAhead extends Reply {
  constructor(start: (signal: AbortSignal) => ReplyResult) {
    super(start, new VirtualClock(), true);
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function all(reply: Reply): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let step = await reply.next(); !step.done; step = await reply.next()) values.push(step.value);
  return values;
}

describe("Reply", () => {
  it("runs async generators, generators, and functions that return one value", async () => {
    expect(
      await all(
        new Reply(async function* () {
          yield frame;
          yield frame;
        }),
      ),
    ).toEqual([frame, frame]);
    expect(
      await all(
        new Reply(function* () {
          yield frame;
        }),
      ),
    ).toEqual([frame]);
    expect(await all(new Reply(() => frame))).toEqual([frame]);
    expect(await all(new Reply(async () => [16_000, frame.samples]))).toEqual([[16_000, frame.samples]]);
  });

  it("does not wait longer than its limit for a value, counted anew for each", async () => {
    const clock = new VirtualClock();
    let go: (() => void) | undefined;
    const reply = new Reply(async function* () {
      for (;;) {
        await new Promise<void>((resolve) => {
          go = resolve;
        });
        yield frame;
      }
    }, clock);
    for (let value = 0; value < 3; value++) {
      const next = reply.next();
      clock.advance(999);
      go?.();
      expect(await next).toEqual({ done: false, value: frame });
    }
    const hung = reply.next();
    clock.advance(1_000);
    await expect(hung).rejects.toMatchObject({ code: "handler_timeout" });
    expect(clock.pending).toBe(0);
  });

  it("stops at once when aborted, even if the function hangs and ignores its signal", async () => {
    const reply = new Reply(async function* () {
      await new Promise(() => undefined);
      yield frame;
    });
    const next = reply.next();
    reply.abort();
    expect(await next).toEqual({ done: true });
    expect(await reply.next()).toEqual({ done: true });
  });

  it("tells the function by its signal, and lets it clean up", async () => {
    const seen: string[] = [];
    const reply = new Reply(async function* (signal) {
      signal.addEventListener("abort", () => seen.push("signal"));
      try {
        for (;;) yield frame;
      } finally {
        seen.push("finally");
      }
    });
    await reply.next();
    reply.abort();
    await Promise.resolve();
    expect(seen).toEqual(["signal", "finally"]);
  });

  it("hands on what the function throws, and nothing after it was abandoned", async () => {
    const failing = new Reply(async function* () {
      yield frame;
      throw new Error("no");
    });
    await failing.next();
    await expect(failing.next()).rejects.toThrow("no");
    const abandoned = new Reply(async () => {
      await Promise.resolve();
      throw new Error("too late");
    });
    const next = abandoned.next();
    abandoned.abort();
    expect(await next).toEqual({ done: true });
  });
});

describe("a reply of which it is open whether it is wanted", () => {
  it("runs up to its first sound, and gives all of it once it is", async () => {
    const ran: string[] = [];
    const reply = new ReplyAhead(async function* () {
      yield new AdditionalOutputs("a transcript");
      ran.push("thinks");
      yield frame;
      ran.push("goes on");
    });
    const first = reply.next();
    expect(reply.ready).toBe(false);
    await settled();
    expect(ran).toEqual(["thinks"]);
    expect(reply.ready).toBe(true);
    reply.confirm();
    expect(reply.ready).toBe(false);
    expect(await first).toEqual({ done: false, value: new AdditionalOutputs("a transcript") });
    expect(await reply.next()).toEqual({ done: false, value: frame });
    expect(await reply.next()).toEqual({ done: true });
    expect(ran).toEqual(["thinks", "goes on"]);
  });

  it("gives nothing before that, however often it is asked", async () => {
    let runs = 0;
    const reply = new ReplyAhead(async function* () {
      runs += 1;
      yield frame;
    });
    const given: unknown[] = [];
    void reply.next().then((step) => given.push(step));
    await settled();
    void reply.next().then((step) => given.push(step));
    await settled();
    expect(given).toEqual([]);
    reply.confirm();
    await settled();
    expect(given).toEqual([{ done: false, value: frame }, { done: true }]);
    expect(runs).toBe(1);
  });

  it("gives what there is as soon as it is wanted, and waits for the rest", async () => {
    const thought = Promise.withResolvers<void>();
    const reply = new ReplyAhead(async function* () {
      yield new AdditionalOutputs("a transcript");
      await thought.promise;
      yield frame;
    });
    const first = reply.next();
    await settled();
    expect(reply.ready).toBe(false);
    reply.confirm();
    expect(await first).toMatchObject({ done: false });
    const second = reply.next();
    thought.resolve();
    expect(await second).toEqual({ done: false, value: frame });
    expect(await reply.next()).toEqual({ done: true });
  });

  it("is ready when it has failed, given garbage or ended, and says so only when wanted", async () => {
    const garbage = "garbage" as unknown as ReplyResult;
    const failing = new ReplyAhead(() => Promise.reject(new Error("no")));
    for (const reply of [failing, new ReplyAhead(() => garbage), new ReplyAhead(() => undefined)]) {
      const first = reply.next().catch((error: Error) => error.message);
      await settled();
      expect(reply.ready).toBe(true);
      reply.confirm();
      expect(await first).toEqual(reply === failing ? "no" : expect.objectContaining({ done: false }));
    }
  });

  it("gives nothing when it turns out not to be, and takes a bounded number of values ahead", async () => {
    let given = 0;
    const reply = new ReplyAhead(async function* () {
      for (; ; given++) yield new AdditionalOutputs(given);
    });
    const first = reply.next();
    await settled();
    expect(reply.ready).toBe(true);
    expect(given).toBeLessThan(20);
    reply.abort();
    expect(await first).toEqual({ done: true });
  });
});

describe("a reply that waits for something first", () => {
  it("gives what the function gives, once that has settled", async () => {
    const ready = Promise.withResolvers<string>();
    const reply = new Reply(() =>
      afterReady(ready.promise, async function* (text) {
        yield { ...frame, text };
      }),
    );
    const first = reply.next();
    ready.resolve("now");
    expect(await first).toEqual({ done: false, value: { ...frame, text: "now" } });
    expect(await reply.next()).toEqual({ done: true });
  });

  it("is stopped as any other: the function's finally blocks run", async () => {
    let cleaned = 0;
    const reply = new Reply(() =>
      afterReady(Promise.resolve(), async function* () {
        try {
          yield frame;
          yield frame;
        } finally {
          cleaned += 1;
        }
      }),
    );
    await reply.next();
    reply.abort();
    expect(await reply.next()).toEqual({ done: true });
    await expect.poll(() => cleaned).toBe(1);
  });
});
