/**
 * Whose turn it is, as one explicit state machine: typed states and events in, the next state and what to do out. Pure,
 * so that tests can walk through every order of events.
 */

/**
 * - `listening`: nobody speaks.
 * - `user_speaking`: the user does; audio is collected.
 * - `maybe_ended`: they have paused, and may be done: the handler already works on a reply that nobody hears of before they are.
 * - `thinking`: the handler works on a reply, nothing has been heard of it.
 * - `bot_speaking`: the reply is heard, the handler goes on producing.
 * - `bot_finishing`: the handler is done, the last of its audio is still on its way.
 * - `paused`, `paused_finishing`: the same two, but the audio is held because somebody seems to speak. Either that becomes
 *   an interruption, or the audio goes on where it stopped.
 */
export type TurnPhase =
  | "listening"
  | "user_speaking"
  | "maybe_ended"
  | "thinking"
  | "bot_speaking"
  | "bot_finishing"
  | "paused"
  | "paused_finishing";

export type TurnEvent =
  | { readonly type: "speech_started" }
  /** Speech long enough to interrupt a reply. */
  | { readonly type: "speech_confirmed" }
  /** What started has stopped before it was long enough to interrupt. It may still go on. */
  | { readonly type: "speech_lapsed" }
  /** The user has paused: long enough to think ahead, too short to be sure. */
  | { readonly type: "speech_paused" }
  /** They went on after that. */
  | { readonly type: "speech_resumed" }
  | { readonly type: "speech_ended" }
  /** What started was no speech after all. */
  | { readonly type: "speech_dismissed" }
  /** A reply without a question: the start-up greeting, or `triggerResponse`. */
  | { readonly type: "reply_requested" }
  /** The reply's first audio was queued. */
  | { readonly type: "reply_audio"; readonly userSpeaking: boolean }
  /** The handler is done, or failed. `playing`: audio of it is still queued. */
  | { readonly type: "reply_finished"; readonly playing: boolean; readonly userSpeaking: boolean }
  /** Nothing is queued any more. */
  | { readonly type: "playback_ended"; readonly userSpeaking: boolean };

/**
 * - `announce_talking`: tell the client that the user talks.
 * - `begin_reply`: run the handler on what was collected.
 * - `begin_ahead`: the same, but keep what was collected and what the handler gives: the turn may go on.
 * - `confirm_reply`: the turn is over; what was begun ahead is the reply.
 * - `withdraw_ahead`: it goes on; what was begun ahead is nobody's.
 * - `abort_reply`: stop the handler, drop its audio.
 * - `abort_and_merge`: the same before anything was heard of it: the user only went on, so what they said before belongs
 *   to the turn they are in.
 * - `discard_speech`: forget what was collected.
 * - `pause_output`: hold the reply's audio. Dropping it ends that, too.
 * - `resume_output`: let it go on.
 */
export type TurnAction =
  | "announce_talking"
  | "begin_reply"
  | "begin_ahead"
  | "confirm_reply"
  | "withdraw_ahead"
  | "abort_reply"
  | "abort_and_merge"
  | "discard_speech"
  | "pause_output"
  | "resume_output";

export interface TurnStep {
  readonly phase: TurnPhase;
  readonly actions: readonly TurnAction[];
}

const stay = (phase: TurnPhase, ...actions: TurnAction[]): TurnStep => ({ phase, actions });

/** The step that `event` makes in `phase`. An event that means nothing there changes nothing. */
export function nextTurn(phase: TurnPhase, event: TurnEvent): TurnStep {
  switch (phase) {
    case "listening":
      return fromListening(event);
    case "user_speaking":
      return fromUserSpeaking(event);
    case "maybe_ended":
      return fromMaybeEnded(event);
    default:
      return fromReply(phase, event);
  }
}

function fromListening(event: TurnEvent): TurnStep {
  switch (event.type) {
    case "speech_started":
    case "speech_confirmed":
      return stay("user_speaking", "announce_talking");
    case "reply_requested":
      return stay("thinking", "begin_reply");
    default:
      return stay("listening");
  }
}

function fromUserSpeaking(event: TurnEvent): TurnStep {
  switch (event.type) {
    case "speech_ended":
    case "reply_requested":
      return stay("thinking", "begin_reply");
    case "speech_paused":
      return stay("maybe_ended", "begin_ahead");
    case "speech_dismissed":
      return stay("listening", "discard_speech");
    default:
      return stay("user_speaking");
  }
}

function fromMaybeEnded(event: TurnEvent): TurnStep {
  switch (event.type) {
    case "speech_ended":
      return stay("thinking", "confirm_reply");
    case "speech_started":
    case "speech_confirmed":
    case "speech_resumed":
      return stay("user_speaking", "withdraw_ahead");
    case "speech_dismissed":
      return stay("listening", "withdraw_ahead", "discard_speech");
    case "reply_requested":
      return stay("thinking", "withdraw_ahead", "begin_reply");
    default:
      return stay("maybe_ended");
  }
}

type ReplyPhase = Exclude<TurnPhase, "listening" | "user_speaking" | "maybe_ended">;

/** The phase in which the same audio is held, and the one in which it goes on. */
const HELD = { bot_speaking: "paused", bot_finishing: "paused_finishing" } as const;
const GOES_ON = { paused: "bot_speaking", paused_finishing: "bot_finishing" } as const;

function fromReply(phase: ReplyPhase, event: TurnEvent): TurnStep {
  switch (event.type) {
    case "speech_started":
      return phase === "bot_speaking" || phase === "bot_finishing" ? stay(HELD[phase], "pause_output") : stay(phase);
    case "speech_confirmed":
      return stay("user_speaking", phase === "thinking" ? "abort_and_merge" : "abort_reply", "announce_talking");
    case "speech_lapsed":
    case "speech_ended":
    case "speech_dismissed":
      // Too short to interrupt: a cough, a "mhm". The reply goes on.
      if (phase === "paused" || phase === "paused_finishing")
        return stay(GOES_ON[phase], "resume_output", "discard_speech");
      return event.type === "speech_lapsed" ? stay(phase) : stay(phase, "discard_speech");
    case "reply_audio":
      if (phase !== "thinking") return stay(phase);
      return event.userSpeaking ? stay("paused", "pause_output") : stay("bot_speaking");
    case "reply_finished":
      if (!event.playing) return afterReply(phase, event.userSpeaking);
      return stay(phase === "paused" || phase === "paused_finishing" ? "paused_finishing" : "bot_finishing");
    case "playback_ended":
      if (phase !== "bot_finishing" && phase !== "paused_finishing") return stay(phase);
      return afterReply(phase, event.userSpeaking);
    case "reply_requested":
      return stay("thinking", "abort_reply", "begin_reply");
    default:
      return stay(phase);
  }
}

/** The user may have begun to speak in the reply's last moments. What was held had nothing left to play: the next reply must not be. */
function afterReply(phase: ReplyPhase, userSpeaking: boolean): TurnStep {
  const release: readonly TurnAction[] = phase === "paused" || phase === "paused_finishing" ? ["resume_output"] : [];
  return userSpeaking ? stay("user_speaking", ...release, "announce_talking") : stay("listening", ...release);
}
