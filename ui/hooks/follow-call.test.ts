import { describe, expect, it } from "vitest";
import { Emitter } from "../../client/emitter.ts";
import { CallError, type CallEvents, type CallState } from "../../client/index.ts";
import type { CallViewEvent } from "../state/call-view.ts";
import { followCall } from "./follow-call.ts";

const info = { clientId: "a", sid: null, stream: "talk", transport: "webrtc", connectMs: null } as const;

function follow(state: CallState = { name: "connected" }) {
  const events = new Emitter<CallEvents>();
  const shown: CallViewEvent[] = [];
  const page = { current: true };
  const call = { on: events.on.bind(events), state, info };
  const none = () => undefined;
  followCall(call, () => page.current, { show: (event) => shown.push(event), onLevels: none, onState: none });
  return { events, shown, page };
}

describe("what the page hears of a call", () => {
  it("is also what the client hands on unread: values of declared outputs, not any other text", () => {
    const { events, shown } = follow();
    for (const text of ['{"type":"outputs","data":{"score":5}}', "plain", "{no json", '{"type":"own","data":1}']) {
      events.emit("message", { text, message: null });
    }
    expect(shown).toEqual([{ type: "shown", values: { score: 5 } }]);
  });

  it("is that the stop word was heard, and errors that did not end the call", () => {
    const { events, shown } = follow();
    events.emit("message", { text: "", message: { type: "stopword", data: "" } });
    events.emit("error", new CallError("handler_failed"));
    expect(shown.map(({ type }) => type)).toEqual(["stop_word", "notice"]);
    const failed = follow({ name: "failed", error: new CallError("connection_lost") });
    failed.events.emit("error", new CallError("connection_lost"));
    expect(failed.shown).toEqual([]);
  });

  it("is nothing once it shows another call", () => {
    const { events, shown, page } = follow();
    page.current = false;
    events.emit("turn", "thinking");
    events.emit("state", { name: "ended", reason: "client_closed" });
    expect(shown).toEqual([]);
  });
});
