import { describe, expect, it } from "vitest";
import { EndReason } from "../../shared/session.ts";
import { CloseStream, type Emission, Warning } from "../handlers/emission.ts";
import { ReplyOnPause } from "../handlers/reply-on-pause.ts";
import { Stream } from "../stream/stream.ts";
import { tone } from "../testing/scripted-models.ts";
import { FastRtcCall } from "./testing/fastrtc-call.ts";
import { Noting, noting } from "./testing/noting.ts";

describe("row 41: a handler's life", () => {
  it("is a copy's, from start-up over frames to shutdown; the prototype is never run", async () => {
    const { calls, stream } = noting();
    const call = await FastRtcCall.start(stream);
    await call.sound(60);
    await call.end();
    expect(calls).toEqual(["copy", "startUp", "emit", "receive", "shutdown"]);
    expect(() => stream.handler.context).toThrow("only while it serves a session");
    await (await FastRtcCall.start(stream)).end();
    expect(calls.filter((name) => name === "copy")).toHaveLength(2);
  });

  it.each(EndReason.options)(
    "is shut down once where the session ends as %s, and nothing of it is left",
    async (reason) => {
      const { calls, stream } = noting();
      const call = await FastRtcCall.start(stream);
      await call.sound(40);
      await call.end(reason);
      await call.end("failed");
      expect(call.ended).toBe(reason);
      expect(calls.filter((name) => name.startsWith("shutdown"))).toEqual(["shutdown"]);
      expect(call.clock.pending).toBe(0);
    },
  );

  it("is shut down at the time limit, when the client goes, and when it hangs up itself", async () => {
    const limited = noting({}, { timeLimit: 5 });
    const timed = await FastRtcCall.start(limited.stream);
    await timed.pass(5_000);
    expect([timed.ended, limited.calls.at(-1)]).toEqual(["time_limit", "shutdown"]);

    const left = noting();
    const lost = await FastRtcCall.start(left.stream);
    lost.session.transport.events.ended("peer_lost");
    await lost.pass(0);
    expect([lost.ended, left.calls.at(-1)]).toEqual(["peer_lost", "shutdown"]);

    const closing = noting({ emit: () => new CloseStream("bye") });
    const closed = await FastRtcCall.start(closing.stream);
    await closed.pass(10_000);
    expect([closed.ended, closing.calls.at(-1)]).toEqual(["handler_closed", "shutdown"]);
  });

  it("does not begin where the client never connects", async () => {
    const { calls, stream } = noting();
    const call = new FastRtcCall(stream);
    await call.session.begin(() => Promise.resolve());
    await call.pass(30_000);
    expect([call.ended, calls]).toEqual(["never_connected", ["copy"]]);
  });

  it("takes a start-up that lasts as long as the session: audio goes both ways meanwhile", async () => {
    const { calls, stream } = noting({
      startUp: (handler) => new Promise((resolve) => handler.signal.addEventListener("abort", () => resolve())),
      emit: (handler) => handler.out.next(),
      receive: (handler) => handler.out.push(tone(20)),
    });
    const call = await FastRtcCall.start(stream);
    await call.sound(200);
    await call.pass(500);
    expect(calls).toContain("receive");
    expect(call.packetsMs.length).toBeGreaterThanOrEqual(10);
    await call.end();
  });

  it("is over though its shutdown hangs or fails, and the log has it", async () => {
    const { stream } = noting({ shutdown: () => new Promise(() => undefined) });
    const call = await FastRtcCall.start(stream);
    await call.end();
    expect(call.ended).toBe("client_closed");
    await call.pass(10_000);
    expect(String(call.logged)).toContain("shutdown took longer");
    const failing = await FastRtcCall.start(
      noting({
        shutdown: () => {
          throw new Error("will not go");
        },
      }).stream,
    );
    await failing.end();
    expect(String(failing.logged)).toContain("will not go");
  });

  it("is refused where copy() gives no handler of its own", () => {
    class Same extends Noting {
      override copy(): Noting {
        return this;
      }
    }
    const stream = new Stream(new Same([]), { modality: "audio" });
    expect(() => new FastRtcCall(stream)).toThrow("Same.copy() must return a new handler.");
  });
});

describe("row 66: a handler that hangs up", () => {
  it("is heard to its end, whoever speaks, and gives nothing after it", async () => {
    const stream = new Stream(
      new ReplyOnPause(async function* () {
        yield tone(1_000);
        yield [tone(200), new CloseStream("Goodbye")];
        yield tone(5_000);
      }),
      { modality: "audio" },
    );
    const call = await FastRtcCall.start(stream);
    call.session.triggerResponse();
    await call.pass(400);
    await call.sound(2_000);
    expect(call.packetsMs).toHaveLength(60);
    expect(call.of("end_stream")).toEqual(['{"type": "end_stream", "data": "Goodbye"}']);
    await call.pass(2_000);
    expect(call.ended).toBe("handler_closed");
  });
});

describe("messages", () => {
  it("of the client's own reach the handler in order, once it runs, and are echoed", async () => {
    const { calls, stream } = noting();
    const call = new FastRtcCall(stream);
    await call.connect();
    await call.say('{"type":"chat","data":"early"}');
    call.session.transport.events.channelOpen();
    await call.pass(0);
    await call.say('{"type":"stop_chat"}');
    expect(calls.filter((name) => name.startsWith("message"))).toEqual([
      'message {"type":"chat","data":"early"}',
      'message {"type":"stop_chat"}',
    ]);
    expect(call.of("log")[0]).toBe(
      String.raw`{"type": "log", "data": "Server received: {\"type\":\"chat\",\"data\":\"early\"}"}`,
    );
    await call.end();
  });

  it("of a chat are answered as what is said is: FastRTC's forks send them so", async () => {
    const answered: unknown[] = [];
    const stream = new Stream(
      new ReplyOnPause(
        ({ audio, state }) => {
          answered.push(state.get("typed"), audio.samples.length);
          return undefined;
        },
        {
          onMessage: ({ type, ...rest }, handler) => {
            if (type !== "chat") return;
            handler.context.state.set("typed", rest["data"]);
            handler.triggerResponse();
          },
        },
      ),
      { modality: "audio" },
    );
    const call = await FastRtcCall.start(stream);
    await call.say('{"type":"chat","data":"hello"}');
    await call.say('{"type":"stop_chat"}');
    await call.pass(100);
    expect(answered).toEqual(["hello", 0]);
    await call.end();
  });

  it("that are none are echoed only", async () => {
    const { calls, stream } = noting();
    const call = await FastRtcCall.start(stream);
    const texts = ["handshake", "{", "[1]", "{}", '{"type":7}', '{"type":""}', `{"type":"${"x".repeat(65)}"}`, "null"];
    for (const text of texts) await call.say(text);
    expect(calls.filter((name) => name.startsWith("message"))).toEqual([]);
    expect(call.of("log")).toHaveLength(texts.length);
    await call.end();
  });

  it("of the handler's go out as they are, warnings in FastRTC's shape", async () => {
    const script: Emission[] = [new Warning("slow today")];
    const { stream } = noting({
      startUp: (handler) => {
        handler.sendMessage("plain");
        handler.warn("careful");
      },
      emit: () => script.shift(),
    });
    const call = await FastRtcCall.start(stream);
    expect(call.texts).toEqual([
      "plain",
      '{"type": "warning", "message": "careful", "data": "careful"}',
      '{"type": "warning", "message": "slow today", "data": "slow today"}',
    ]);
    await call.end();
  });
});
