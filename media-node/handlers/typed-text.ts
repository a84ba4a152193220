/**
 * Text that is typed instead of spoken, as a turn: for streams whose page has a field for it (`ui.variant: "textbox"`), and for
 * every client that sends `{"type":"chat","data":"…"}`.
 */
import type { ClientMessage } from "../../shared/channel.ts";
import type { StreamHandler } from "./stream-handler.ts";

/** Where it waits for its turn, in the caller's `state`. */
const KEY = "edgertc.typed";

/** Texts that wait; the oldest go first. */
const MAX_WAITING = 20;

/**
 * Answers what was typed, as if it had been said: it interrupts a reply, and whatever is being said meanwhile is dropped.
 * Other messages are ignored.
 *
 * @example
 * new ReplyOnPause(answer, { onMessage: answerTypedText })
 */
export function answerTypedText(message: ClientMessage, handler: StreamHandler): void {
  const { type, ...rest } = message;
  const text = rest["data"];
  if (type !== "chat" || typeof text !== "string" || text.trim() === "") return;
  const { state } = handler.context;
  state.set(KEY, [...waiting(state), text].slice(-MAX_WAITING));
  handler.triggerResponse();
}

/**
 * What was typed for this turn; undefined for one that was spoken. Given once, so keep it.
 *
 * @example
 * const said = typedText(turn) ?? (await stt.stt(turn.audio));
 */
export function typedText({ state }: { readonly state: Map<string, unknown> }): string | undefined {
  const texts = waiting(state);
  state.delete(KEY);
  return texts.length === 0 ? undefined : texts.join("\n");
}

function waiting(state: Map<string, unknown>): readonly string[] {
  const texts = state.get(KEY);
  return Array.isArray(texts) ? texts.filter((text) => typeof text === "string") : [];
}
