import { describe, expect, it } from "vitest";
import type { CallState, TranscriptLine, TurnState } from "../../client/index.ts";
import { type CallView, type CallViewEvent, EMPTY_VIEW, MAX_LINES, MAX_OUTPUTS, nextView } from "./call-view.ts";

const line = (id: number, text: string, final = true): TranscriptLine => ({ id, role: "user", text, final });
const viewAfter = (...events: CallViewEvent[]): CallView => events.reduce(nextView, EMPTY_VIEW);

describe("what the page shows of a call", () => {
  it("replaces a line by its id, where it stands", () => {
    const view = viewAfter(
      { type: "line", line: line(1, "turn on", false) },
      { type: "line", line: { ...line(2, "Which"), role: "assistant" } },
      { type: "line", line: line(1, "turn on the light") },
    );
    expect(view.lines.map(({ id, text }) => [id, text])).toEqual([
      [1, "turn on the light"],
      [2, "Which"],
    ]);
  });

  it("keeps the last lines and outputs of a call without end", () => {
    const lines = Array.from({ length: MAX_LINES + 5 }, (_, i): CallViewEvent => ({ type: "line", line: line(i, "") }));
    const outputs = Array.from({ length: MAX_OUTPUTS + 5 }, (_, i): CallViewEvent => ({ type: "output", values: [i] }));
    const view = viewAfter(...lines, ...outputs);
    expect(view.lines).toHaveLength(MAX_LINES);
    expect(view.lines[0]?.id).toBe(5);
    expect(view.outputs.map((output) => output.values[0])).toEqual(
      Array.from({ length: MAX_OUTPUTS }, (_, i) => i + 5),
    );
  });

  it("gives every output an id of its own, also after the first were dropped", () => {
    const outputs = Array.from({ length: MAX_OUTPUTS * 2 }, (): CallViewEvent => ({ type: "output", values: [] }));
    const ids = viewAfter(...outputs).outputs.map(({ id }) => id);
    expect(new Set(ids).size).toBe(MAX_OUTPUTS);
  });

  it("keeps the conversation when the call ends, as far as it got, and drops it when the next one begins", () => {
    const info = { clientId: "a", sid: null, stream: "talk", transport: "webrtc" as const, connectMs: 80 };
    const ended = viewAfter(
      { type: "line", line: line(1, "hello, I was just", false) },
      { type: "call", call: { name: "ended", reason: "time_limit" }, info },
    );
    expect(ended.lines).toEqual([line(1, "hello, I was just", true)]);
    expect(nextView(ended, { type: "reset" })).toEqual(EMPTY_VIEW);
  });

  it("shows pictures and how they fare until the call is over", () => {
    // A MediaStream is only handed on.
    const [camera, result] = [{} as MediaStream, {} as MediaStream];
    const report = { framesPerSecond: 29.5, dropped: 0, delayMs: 12 };
    const events: CallViewEvent[] = [
      { type: "local_video", stream: camera },
      { type: "remote_video", stream: result },
      { type: "video_report", report },
    ];
    expect(viewAfter(...events)).toMatchObject({ localVideo: camera, remoteVideo: result, videoReport: report });
    const info = { clientId: "a", sid: null, stream: "flip", transport: "webrtc" as const, connectMs: 80 };
    const ended = viewAfter(...events, { type: "call", call: { name: "ended", reason: "client_closed" }, info });
    expect(ended).toMatchObject({ localVideo: null, remoteVideo: null, videoReport: null });
  });

  it("says that the time of a call is up from there on until it is connected again", () => {
    const info = { clientId: "a", sid: null, stream: "talk", transport: "webrtc" as const, connectMs: 80 };
    const queued = { name: "queued", position: 2, estimatedWaitMs: null } as const;
    const state = (call: CallState): CallViewEvent => ({ type: "call", call, info });
    const first = viewAfter(state({ name: "connecting" }), state(queued));
    expect(first.timeUp).toBe(false);
    const talking = [state({ name: "connected" }), { type: "turn", turn: "bot_speaking", atMs: 0 }] as const;
    const again = [...talking, { type: "line", line: line(1, "and then", false) }, state(queued)] as const;
    const view = viewAfter(...again);
    expect(view).toMatchObject({ timeUp: true, turn: null, lines: [line(1, "and then")] });
    // Called, and no node had room.
    expect(viewAfter(...again, state({ name: "connecting" }), state(queued)).timeUp).toBe(true);
    expect(viewAfter(...again, state({ name: "connected" })).timeUp).toBe(false);
    expect(viewAfter(...again, state({ name: "ended", reason: "client_closed" })).timeUp).toBe(false);
  });

  it("says that the stop word was heard until that was answered, not merely until somebody breathes", () => {
    const turn = (name: TurnState, atMs: number): CallViewEvent => ({ type: "turn", turn: name, atMs });
    const heard: CallViewEvent[] = [turn("listening", 0), { type: "stop_word" }, turn("user_speaking", 1)];
    expect(viewAfter(...heard).stopWordHeard).toBe(true);
    expect(viewAfter(...heard, turn("listening", 2)).stopWordHeard).toBe(true);
    const answered = viewAfter(...heard, turn("thinking", 2), turn("bot_speaking", 3), turn("listening", 4));
    expect(answered.stopWordHeard).toBe(false);
    expect(answered.turns).toHaveLength(5);
  });

  it("keeps the values of declared outputs that are not new", () => {
    const view = viewAfter({ type: "shown", values: { a: 1, b: 2 } }, { type: "shown", values: { b: null } });
    expect(view.shown).toEqual({ a: 1, b: null });
  });
});
