/** Handlers with a bug each, of the kinds that are easily made, for the search to find. */
import type { TurnFinder } from "../../../turn/turn-finder.ts";
import type { TurnAction, TurnEvent, TurnPhase, TurnStep } from "../../../turn/turn-machine.ts";
import type { ReplyFunction } from "../../reply-function.ts";
import type { ReplyOnPauseOptions } from "../../reply-on-pause-options.ts";
import { type Sight, WatchedReply } from "./watched-reply.ts";

/** Leaves out an action of the turn machine's where this says so. */
type Forgets = (action: TurnAction, event: TurnEvent) => boolean;

/** A turn machine that forgets to do something. */
export class ForgetfulReply extends WatchedReply {
  readonly #forgets: Forgets;

  constructor(forgets: Forgets, sight: Sight, fn: ReplyFunction, options: ReplyOnPauseOptions) {
    super(sight, fn, options);
    this.#forgets = forgets;
  }

  protected override same(sight: Sight, fn: ReplyFunction, options: ReplyOnPauseOptions): WatchedReply {
    return new ForgetfulReply(this.#forgets, sight, fn, options);
  }

  protected override step(turns: TurnFinder, phase: TurnPhase, event: TurnEvent): TurnStep {
    const step = super.step(turns, phase, event);
    return { ...step, actions: step.actions.filter((action) => !this.#forgets(action, event)) };
  }
}

/** Does not hear that the last of its audio has left. */
export class DeafToTheEnd extends WatchedReply {
  protected override same(sight: Sight, fn: ReplyFunction, options: ReplyOnPauseOptions): WatchedReply {
    return new DeafToTheEnd(sight, fn, options);
  }

  override playbackEnded(): void {
    // Forgotten.
  }
}

/** Leaves everything open when the session ends. */
export class NeverTidiesUp extends WatchedReply {
  protected override same(sight: Sight, fn: ReplyFunction, options: ReplyOnPauseOptions): WatchedReply {
    return new NeverTidiesUp(sight, fn, options);
  }

  override shutdown(): void {
    this.sight.shutdowns += 1;
  }
}
