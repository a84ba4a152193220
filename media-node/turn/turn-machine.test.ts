import { describe, expect, it } from "vitest";
import { nextTurn, type TurnEvent, type TurnPhase } from "./turn-machine.ts";

const EVENTS: readonly TurnEvent[] = [
  { type: "speech_started" },
  { type: "speech_confirmed" },
  { type: "speech_ended" },
  { type: "speech_dismissed" },
  { type: "reply_requested" },
  { type: "reply_audio" },
  ...[true, false].flatMap((playing) =>
    [true, false].map((userSpeaking): TurnEvent => ({ type: "reply_finished", playing, userSpeaking })),
  ),
  ...[true, false].map((userSpeaking): TurnEvent => ({ type: "playback_ended", userSpeaking })),
];
const PHASES: readonly TurnPhase[] = ["listening", "user_speaking", "thinking", "bot_speaking", "bot_finishing"];

function walk(start: TurnPhase, ...types: readonly (TurnEvent | TurnEvent["type"])[]) {
  const actions: string[] = [];
  let phase = start;
  for (const item of types) {
    const event = typeof item === "string" ? EVENTS.find(({ type }) => type === item) : item;
    if (event === undefined) throw new Error(`no such event: ${String(item)}`);
    const step = nextTurn(phase, event);
    phase = step.phase;
    actions.push(...step.actions);
  }
  return { phase, actions };
}

describe("nextTurn", () => {
  it("answers once the user has paused, and listens again when the answer has been heard", () => {
    const done: TurnEvent = { type: "reply_finished", playing: true, userSpeaking: false };
    const heard: TurnEvent = { type: "playback_ended", userSpeaking: false };
    const { phase, actions } = walk("listening", "speech_started", "speech_ended", "reply_audio", done, heard);
    expect(phase).toBe("listening");
    expect(actions).toEqual(["announce_talking", "begin_reply"]);
  });

  it("stops a reply once speech is confirmed, not before", () => {
    expect(walk("bot_speaking", "speech_started")).toEqual({ phase: "bot_speaking", actions: [] });
    expect(walk("bot_speaking", "speech_confirmed")).toEqual({
      phase: "user_speaking",
      actions: ["abort_reply", "announce_talking"],
    });
  });

  it("joins what is said while the handler still thinks to the question", () => {
    expect(walk("thinking", "speech_confirmed").actions).toEqual(["abort_and_merge", "announce_talking"]);
  });

  it("lets the reply go on over a cough", () => {
    expect(walk("bot_speaking", "speech_started", "speech_dismissed")).toEqual({
      phase: "bot_speaking",
      actions: ["discard_speech"],
    });
  });

  it("does not miss a user who began to speak in the reply's last moment", () => {
    const heard: TurnEvent = { type: "playback_ended", userSpeaking: true };
    expect(walk("bot_finishing", heard)).toEqual({ phase: "user_speaking", actions: ["announce_talking"] });
  });

  it("never wedges: from wherever eight events may lead, silence and a finished handler lead back to listening", () => {
    const reached = new Set<TurnPhase>(["listening"]);
    let frontier: ReadonlySet<TurnPhase> = new Set<TurnPhase>(["listening"]);
    for (let depth = 0; depth < 8; depth++) {
      frontier = new Set([...frontier].flatMap((phase) => EVENTS.map((event) => nextTurn(phase, event).phase)));
      for (const phase of frontier) reached.add(phase);
    }
    expect([...reached].sort()).toEqual([...PHASES].sort());
    for (const phase of reached) {
      const quiet = walk(
        phase,
        "speech_ended",
        { type: "reply_finished", playing: true, userSpeaking: false },
        { type: "playback_ended", userSpeaking: false },
      );
      expect(quiet.phase, `from ${phase}`).toBe("listening");
    }
  });

  it("runs one reply at a time over every order of six events", () => {
    const explore = (phase: TurnPhase, running: number, depth: number): void => {
      if (depth === 0) return;
      for (const event of EVENTS) {
        const finished = event.type === "reply_finished";
        // A handler that does not run cannot finish, nor can one produce audio.
        if ((finished || event.type === "reply_audio") && running === 0) continue;
        const step = nextTurn(phase, event);
        let now = finished ? 0 : running;
        for (const action of step.actions) {
          if (action === "abort_reply" || action === "abort_and_merge") now = 0;
          if (action === "begin_reply") now += 1;
        }
        expect(now, `${phase} + ${event.type}`).toBeLessThanOrEqual(1);
        explore(step.phase, now, depth - 1);
      }
    };
    explore("listening", 0, 4);
  });
});
