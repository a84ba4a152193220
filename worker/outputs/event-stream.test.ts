import { describe, expect, it } from "vitest";
import { eventStream, frame, type ServerEvent } from "./event-stream.ts";

const never: AsyncIterable<ServerEvent> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
};

describe("server-sent events", () => {
  it("carry texts as they are and anything else as JSON, whatever lines are in them", () => {
    expect(frame({ id: "a-1", data: { role: "user", content: "hi\nthere" } })).toBe(
      'id: a-1\nevent: output\ndata: {"role":"user","content":"hi\\nthere"}\n\n',
    );
    expect(frame({ id: "a-2", event: "note", data: "one\r\ntwo\n\nfour" })).toBe(
      "id: a-2\nevent: note\ndata: one\ndata: two\ndata: \ndata: four\n\n",
    );
    expect(frame({ id: "a-3", data: undefined })).toContain("data: null\n");
  });

  it("end with what they are read from", async () => {
    async function* two(): AsyncGenerator<ServerEvent> {
      yield { id: "1", data: 1 };
      yield { id: "2", data: 2 };
    }
    const response = eventStream(two(), { onDone: () => undefined });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(await response.text()).toBe(
      "retry: 1000\n\nid: 1\nevent: output\ndata: 1\n\nid: 2\nevent: output\ndata: 2\n\n",
    );
  });

  it("keep a silent connection open, and end it in time", async () => {
    const done = Promise.withResolvers<void>();
    const silent: AsyncIterable<ServerEvent> = {
      [Symbol.asyncIterator]: () => ({ next: () => done.promise.then(() => ({ done: true, value: undefined })) }),
    };
    const response = eventStream(silent, { onDone: done.resolve, keepAliveMs: 5, maxMs: 60 });
    expect(await response.text()).toMatch(/^retry: 1000\n\n(:\n\n){2,}$/);
  });

  it("stop being read when the client goes", async () => {
    const done = Promise.withResolvers<void>();
    const response = eventStream(never, { onDone: done.resolve });
    await response.body?.cancel();
    await done.promise;
  });

  it("end for a client that does not read them", async () => {
    let sent = 0;
    async function* flood(): AsyncGenerator<ServerEvent> {
      for (; sent < 100; sent += 1) yield { id: String(sent), data: "x".repeat(500_000) };
    }
    const done = Promise.withResolvers<void>();
    const response = eventStream(flood(), { onDone: done.resolve });
    await done.promise;
    expect(sent).toBeLessThan(20);
    await response.body?.cancel();
  });
});
