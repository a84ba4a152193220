/** ReplyOnPause when somebody speaks over a reply: what holds it, what takes it back, and what does neither. */
import { describe, expect, it } from "vitest";
import { MAX_AUDIO_MS } from "../speech/stt/check-audio.ts";
import { VAD_WINDOW_MS } from "../turn/speech-detector.ts";
import { ScriptedContext } from "./testing/scripted-context.ts";
import { echo, frame, settled, spokenTo } from "./testing/spoken-to.ts";

describe("ReplyOnPause, spoken over", () => {
  it("is interrupted by speech: aborts the function, drops the audio, hears the user out", async () => {
    let signal: AbortSignal | undefined;
    const { session, speak, pause, ask, emit, events } = spokenTo(async function* (turn) {
      signal ??= turn.signal;
      for (;;) yield frame;
    });
    ask();
    await emit();
    speak(192);
    expect(signal?.aborted).toBe(false);
    speak(64);
    expect(signal?.aborted).toBe(true);
    expect(session.cleared).toBe(1);
    expect(events.at(-1)).toBe("[user_speaking]");
    pause(608);
    expect(events.at(-1)).toBe("[thinking]");
    expect(await emit()).toBe(frame);
  });

  it("holds the reply as soon as somebody seems to speak, and lets it go on after a cough", async () => {
    const { session, speak, pause, ask, emit, events } = spokenTo(async function* () {
      for (;;) yield frame;
    });
    ask();
    await emit();
    for (let cough = 0; cough < 3; cough++) {
      const before = events.length;
      speak(96);
      expect(events.slice(before)).toEqual(["held"]);
      pause(320);
      expect(events.slice(before)).toEqual(["held", "resumed"]);
      pause(1_000);
    }
    expect(session.cleared).toBe(0);
    expect(events.at(-1)).toBe("resumed");
    expect(await emit()).toBe(frame);
  });

  it("holds the reply sooner on the telephone, unless it is told when", async () => {
    for (const [phoneMode, options, heldMs] of [
      [false, {}, 64],
      [true, {}, 32],
      [true, { speech: { startMs: 96 } }, 64],
    ] as const) {
      const { speak, ask, emit, events } = spokenTo(echo, options, new ScriptedContext({ phoneMode }));
      ask();
      await emit();
      speak(heldMs - VAD_WINDOW_MS);
      expect(events).not.toContain("held");
      speak(VAD_WINDOW_MS);
      expect(events.at(-1)).toBe("held");
    }
  });

  it("holds a reply that begins while somebody seems to speak", async () => {
    const { speak, pause, ask, emit, events } = spokenTo(echo);
    ask();
    speak(96);
    await emit();
    expect(events.slice(-3)).toEqual(["response_starting", "held", "[bot_speaking]"]);
    pause(320);
    expect(events.at(-1)).toBe("resumed");
  });

  it("is not interrupted where it must not be, and does not hear what is said meanwhile", async () => {
    const { session, speak, ask, emit, played, events } = spokenTo(echo, { canInterrupt: false });
    ask();
    await emit();
    await emit();
    speak(640);
    expect(events.at(-1)).toBe("[bot_speaking]");
    played();
    expect(events.at(-1)).toBe("[listening]");
    expect(session.cleared).toBe(0);
  });

  it("answers no more than speech models take to somebody who goes on and on, and forgets the oldest of it", async () => {
    const answeredMs: number[] = [];
    const { speak, emit } = spokenTo(({ audio: { samples, sampleRate } }) => {
      answeredMs.push((samples.length / sampleRate) * 1_000);
      return new Promise(() => undefined);
    });
    for (let minute = 0; minute < 8; minute++) {
      speak(60_000);
      void emit();
      await settled();
    }
    expect(answeredMs.length).toBeGreaterThan(5);
    expect(answeredMs[1]).toBeGreaterThan(115_000);
    expect(Math.max(...answeredMs)).toBeLessThan(MAX_AUDIO_MS);
  });

  describe("backchannels", () => {
    const hearing = (text: string) => ({ backchannels: { stt: { stt: async () => text } } });

    /** A reply is being played; then somebody speaks for 300 ms. */
    async function interrupted(text: string) {
      const call = spokenTo(async function* () {
        yield frame;
        await new Promise(() => undefined);
      }, hearing(text));
      call.ask();
      await call.emit();
      call.speak(320);
      expect(call.events.at(-1)).toBe("held");
      call.pause(192);
      await settled();
      return call;
    }

    it("lets a reply go on where it stopped after an uh-huh", async () => {
      const { session, events } = await interrupted("Uh-huh.");
      expect(events.at(-1)).toBe("resumed");
      expect(session.cleared).toBe(0);
    });

    it("answers what means something", async () => {
      const { session, pause, emit, events } = await interrupted("Wait.");
      expect(events.slice(-2)).toEqual(["started_talking", "[user_speaking]"]);
      expect(session.cleared).toBe(1);
      pause(608);
      expect(await emit()).toBe(frame);
    });

    it("is only for what is said over a reply", () => {
      const { ask, events } = spokenTo(echo, hearing("Yes."));
      ask();
      expect(events).toContain("pause_detected");
    });
  });

  describe("muting the user", () => {
    it("protects the first reply, and no other", async () => {
      const { session, speak, ask, emit, played, events } = spokenTo(echo, {
        muteUser: "first_reply",
        startupFn: () => frame,
      });
      await emit();
      expect(await emit()).toBeUndefined();
      speak(640);
      expect(session.cleared).toBe(0);
      played();
      ask();
      await emit();
      speak(640);
      expect(events).toContain("held");
      expect(session.cleared).toBe(1);
    });
  });
});
