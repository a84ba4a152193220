/** A session for handlers under test: notes what they send, and has a voice activity detector that is told what to say. */
import { VirtualClock } from "../../time/virtual-clock.ts";
import type { HandlerContext } from "../context.ts";
import type { Emission } from "../emission.ts";
import type { StreamHandler } from "../stream-handler.ts";
import { blankContext } from "./blank-context.ts";

export class ScriptedContext {
  /** FastRTC's messages in short, and `[state]` for whose turn it is. */
  readonly events: string[] = [];
  readonly logged: string[] = [];
  readonly clock = new VirtualClock();
  /** How often the queue was cleared. */
  cleared = 0;
  playing = false;
  readonly #changes: Partial<HandlerContext>;
  #onProbability: (probability: number) => void = () => undefined;
  #windows = 0;

  /** @param changes what is other than in a blank session, or than what is noted here. */
  constructor(changes: Partial<HandlerContext> = {}) {
    this.#changes = changes;
  }

  /** What the detector says of the windows that it has been given since it was asked last. */
  window(probability: number): void {
    for (; this.#windows > 0; this.#windows -= 1) this.#onProbability(probability);
  }

  /** Starts a handler. What `emit()` gives is played from then on, until `played()`. */
  start(handler: StreamHandler): { readonly emit: () => Promise<Emission>; readonly played: () => void } {
    handler.attach(this.context);
    void handler.startUp();
    return {
      emit: async () => {
        const emission = await handler.emit();
        if (emission !== undefined) this.playing = true;
        return emission;
      },
      played: () => {
        this.playing = false;
        void handler.playbackEnded();
      },
    };
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
        const push = () => {
          this.#windows += 1;
        };
        return { push, reset: () => undefined, close: () => undefined };
      },
      logError: (error) => this.logged.push(String(error)),
      ...this.#changes,
    });
  }
}
