/** A session for handlers under test: notes what they send, and has a voice activity detector that is told what to say. */
import { VirtualClock } from "../../time/virtual-clock.ts";
import type { HandlerContext } from "../context.ts";
import { blankContext } from "./blank-context.ts";

export class ScriptedContext {
  /** FastRTC's messages in short, and `[state]` for whose turn it is. */
  readonly events: string[] = [];
  readonly logged: string[] = [];
  readonly clock = new VirtualClock();
  /** How often the queue was cleared. */
  cleared = 0;
  playing = false;
  #onProbability: (probability: number) => void = () => undefined;

  /** What the detector says of the next window. */
  window(probability: number): void {
    this.#onProbability(probability);
  }

  get context(): HandlerContext {
    return blankContext({
      clock: this.clock,
      send: (message) => {
        const text = "message" in message ? message.message : message.data;
        this.events.push(message.type === "log" ? String(text) : `${message.type}: ${String(text)}`);
      },
      sendText: (text) => this.events.push(text),
      extend: (message) => {
        if (message.type === "turn") this.events.push(`[${message.data.state}]`);
      },
      clearQueue: () => {
        this.cleared += 1;
        this.playing = false;
        return 0;
      },
      holdOutput: () => this.events.push("held"),
      resumeOutput: () => this.events.push("resumed"),
      playing: () => this.playing,
      openVad: (onProbability) => {
        this.#onProbability = onProbability;
        return { push: () => undefined, reset: () => undefined, close: () => undefined };
      },
      logError: (error) => this.logged.push(String(error)),
    });
  }
}
