import { describe, expect, it } from "vitest";
import { nextTurn, type TurnEvent, type TurnPhase } from "./turn-machine.ts";

const EVENTS: readonly TurnEvent[] = [
  { type: "speech_started" },
  { type: "speech_confirmed" },
  { type: "speech_lapsed" },
  { type: "speech_paused" },
  { type: "speech_resumed" },
  { type: "speech_ended" },
  { type: "speech_dismissed" },
  { type: "reply_requested" },
  ...[false, true].map((userSpeaking): TurnEvent => ({ type: "reply_audio", userSpeaking })),
  ...[true, false].flatMap((playing) =>
    [true, false].map((userSpeaking): TurnEvent => ({ type: "reply_finished", playing, userSpeaking })),
  ),
  ...[true, false].map((userSpeaking): TurnEvent => ({ type: "playback_ended", userSpeaking })),
];
const PHASES: readonly TurnPhase[] = [
  "listening",
  "user_speaking",
  "maybe_ended",
  "thinking",
  "bot_speaking",
  "bot_finishing",
  "paused",
  "paused_finishing",
];

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

  it("holds a reply when speech starts, and stops it once that is confirmed", () => {
    for (const [speaking, held] of [
      ["bot_speaking", "paused"],
      ["bot_finishing", "paused_finishing"],
    ] as const) {
      expect(walk(speaking, "speech_started")).toEqual({ phase: held, actions: ["pause_output"] });
      expect(walk(held, "speech_confirmed")).toEqual({
        phase: "user_speaking",
        actions: ["abort_reply", "announce_talking"],
      });
    }
  });

  it("lets a held reply go on where it stopped, even if the handler has finished meanwhile", () => {
    const done: TurnEvent = { type: "reply_finished", playing: true, userSpeaking: true };
    expect(walk("bot_speaking", "speech_started", "speech_lapsed")).toEqual({
      phase: "bot_speaking",
      actions: ["pause_output", "resume_output", "discard_speech"],
    });
    expect(walk("bot_speaking", "speech_started", done, "speech_lapsed").phase).toBe("bot_finishing");
  });

  it("holds nothing any more once a held reply turns out to have nothing left to play", () => {
    const failed: TurnEvent = { type: "reply_finished", playing: false, userSpeaking: true };
    expect(walk("paused", failed)).toEqual({
      phase: "user_speaking",
      actions: ["resume_output", "announce_talking"],
    });
  });

  it("holds a reply that comes while somebody seems to speak", () => {
    expect(walk("thinking", "speech_started", { type: "reply_audio", userSpeaking: true })).toEqual({
      phase: "paused",
      actions: ["pause_output"],
    });
  });

  it("joins what is said while the handler still thinks to the question", () => {
    expect(walk("thinking", "speech_confirmed").actions).toEqual(["abort_and_merge", "announce_talking"]);
  });

  it("begins a reply in a pause, takes it back if the user goes on, and keeps it if they do not", () => {
    expect(walk("user_speaking", "speech_paused", "speech_resumed")).toEqual({
      phase: "user_speaking",
      actions: ["begin_ahead", "withdraw_ahead"],
    });
    expect(walk("user_speaking", "speech_paused", "speech_ended")).toEqual({
      phase: "thinking",
      actions: ["begin_ahead", "confirm_reply"],
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
    const explore = (phase: TurnPhase, running: number, held: boolean, depth: number): void => {
      if (depth === 0) return;
      for (const event of EVENTS) {
        const finished = event.type === "reply_finished";
        // A handler that does not run cannot finish, nor can one produce audio.
        if ((finished || event.type === "reply_audio") && running === 0) continue;
        // What is made ahead is kept back until the turn is over.
        if ((finished || event.type === "reply_audio") && phase === "maybe_ended") continue;
        // Audio that is held does not end.
        if (event.type === "playback_ended" && held) continue;
        const step = nextTurn(phase, event);
        let now = finished ? 0 : running;
        let nowHeld = held;
        for (const action of step.actions) {
          if (action === "abort_reply" || action === "abort_and_merge" || action === "withdraw_ahead") now = 0;
          if (action === "begin_reply" || action === "begin_ahead") now += 1;
          if (action === "pause_output") nowHeld = true;
          if (action === "resume_output" || action === "abort_reply" || action === "abort_and_merge") nowHeld = false;
        }
        expect(now, `${phase} + ${event.type}`).toBeLessThanOrEqual(1);
        // Nobody answers a user who still speaks; who may be done is being answered already.
        if (step.phase === "listening" || step.phase === "user_speaking") expect(now).toBe(0);
        if (step.phase === "maybe_ended") expect(now).toBe(1);
        // Never deaf and mute: audio is held in the two phases that end by themselves, and in no other.
        expect(nowHeld, `${phase} + ${event.type}`).toBe(step.phase === "paused" || step.phase === "paused_finishing");
        explore(step.phase, now, step.phase === "paused" || step.phase === "paused_finishing", depth - 1);
      }
    };
    explore("listening", 0, false, 5);
  });
});
