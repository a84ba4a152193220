/**
 * Whose turn it is, on FastRTC's grid: the same phases as elsewhere, but a reply is interrupted only when the one who
 * interrupts has paused, and nothing is held before that.
 */
import type { TurnAction, TurnEvent, TurnPhase, TurnStep } from "../turn-machine.ts";

const to = (phase: TurnPhase, ...actions: TurnAction[]): TurnStep => ({ phase, actions });

/** The step that `event` makes in `phase`. An event that means nothing there changes nothing. */
export function nextGridTurn(phase: TurnPhase, event: TurnEvent): TurnStep {
  const replies = phase !== "listening" && phase !== "user_speaking";
  switch (event.type) {
    case "speech_started":
      return to(replies ? phase : "user_speaking", "announce_talking");
    case "speech_ended":
    case "reply_requested":
      return replies ? to("thinking", "abort_reply", "begin_reply") : to("thinking", "begin_reply");
    case "speech_dismissed":
      return to(phase === "user_speaking" ? "listening" : phase);
    case "reply_audio":
      return to(phase === "thinking" ? "bot_speaking" : phase);
    case "reply_finished":
      if (!replies) return to(phase);
      return event.playing ? to("bot_finishing") : afterReply(event.userSpeaking);
    case "playback_ended":
      return phase === "bot_finishing" ? afterReply(event.userSpeaking) : to(phase);
    default:
      return to(phase);
  }
}

/** The client has been told that the user talks when it began. */
function afterReply(userSpeaking: boolean): TurnStep {
  return to(userSpeaking ? "user_speaking" : "listening");
}
