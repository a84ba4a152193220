/**
 * Text that is typed instead of spoken, as a turn: for streams whose page has a field for it (`ui.variant: "textbox"`), and for
 * every client that sends `{"type":"chat","data":"…"}`.
 */
import type { ClientMessage } from "../../shared/channel.ts";
import type { Turn } from "./reply-function.ts";
import type { StreamHandler } from "./stream-handler.ts";

/** Where they wait for their turn, in the caller's `state`, and where it says which of them have been answered. */
const KEY = "edgertc.typed";
const ANSWERED_KEY = "edgertc.typed.answered";

/** Texts that wait; the oldest go first. */
const MAX_WAITING = 20;

/** What a turn was given, and how long the history was before it. */
interface Taken {
  readonly texts: readonly string[];
  readonly lines: number;
}

/** One for all runs of a reply function: what is taken is taken, whether the run counts or not. */
class TypedTexts {
  #waiting: readonly string[] = [];
  #taken: Taken | undefined;

  add(text: string): void {
    this.#waiting = [...this.#waiting, text].slice(-MAX_WAITING);
  }

  take({ state, history }: Pick<Turn, "state" | "history">): readonly string[] {
    const lines = history.messages.length;
    const last = this.#taken;
    // Its run does not count, and the history knows nothing of it: it is as if it had not been asked yet.
    const again = last !== undefined && state.get(ANSWERED_KEY) !== last && lines <= last.lines ? last.texts : [];
    const texts = [...again, ...this.#waiting];
    this.#waiting = [];
    if (texts.length === 0) return texts;
    this.#taken = { texts, lines };
    // The caller's state from when on the run counts.
    state.set(ANSWERED_KEY, this.#taken);
    return texts;
  }
}

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
  const texts = typedIn(state) ?? new TypedTexts();
  state.set(KEY, texts);
  texts.add(text);
  handler.triggerResponse();
}

/**
 * What was typed for this turn; undefined for one that was spoken. Given once, so keep it. If the user speaks before the answer is
 * heard, the next turn has the text again, beside that audio.
 *
 * @example
 * const said = typedText(turn) ?? (await stt.stt(turn.audio));
 */
export function typedText(turn: Pick<Turn, "state" | "history">): string | undefined {
  const texts = typedIn(turn.state)?.take(turn) ?? [];
  return texts.length === 0 ? undefined : texts.join("\n");
}

function typedIn(state: Map<string, unknown>): TypedTexts | undefined {
  const texts = state.get(KEY);
  return texts instanceof TypedTexts ? texts : undefined;
}
