/** When the user is not heard at all: for lines that must be said to their end. */
import type { TurnPhase } from "./turn-machine.ts";

/**
 * - `never`: the user can interrupt whatever is said.
 * - `first_reply`: not before the first reply has been played, such as a greeting that has to be said in full.
 * - `while_speaking`: not while a reply is made or played: FastRTC's `can_interrupt=False`.
 */
export type MuteUser = "never" | "first_reply" | "while_speaking";

/** @throws TypeError for options that contradict each other. */
export function readMuteUser(muteUser: MuteUser | undefined, canInterrupt: boolean | undefined): MuteUser {
  if (muteUser === undefined) return canInterrupt === false ? "while_speaking" : "never";
  if (muteUser !== "never" && muteUser !== "first_reply" && muteUser !== "while_speaking") {
    throw new TypeError(`muteUser must be "never", "first_reply" or "while_speaking", not ${String(muteUser)}.`);
  }
  if (canInterrupt !== undefined && canInterrupt !== (muteUser !== "while_speaking")) {
    throw new TypeError(`canInterrupt: ${canInterrupt} contradicts muteUser: "${muteUser}"; give one of them.`);
  }
  return muteUser;
}

/** @param repliesPlayed replies that were heard to their end, or interrupted. */
export function isMuted(muteUser: MuteUser, phase: TurnPhase, repliesPlayed: number): boolean {
  if (phase === "listening" || phase === "user_speaking" || phase === "maybe_ended") return false;
  return muteUser === "while_speaking" || (muteUser === "first_reply" && repliesPlayed === 0);
}
