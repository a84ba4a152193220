/** Replies to commands: one that comes again, as after a redial, is not executed again but answered the same way. */
import type { Command, ReplyBody } from "../../shared/link.ts";

/** Replies kept for commands that come again. Past it the oldest goes. */
const MAX_KEPT_REPLIES = 512;

/**
 * Commands that may be executed again: the state is the same after. Their replies are not kept, for a slider that is moved
 * must not drive out the reply to an offer, and a session's outputs are large.
 */
const REPEATABLE: readonly Command["command"][] = ["inputs", "update_connection", "watch_outputs", "unwatch_outputs"];

export class CommandReplies {
  readonly #execute: (command: Command) => Promise<ReplyBody>;
  readonly #kept = new Map<string, Promise<ReplyBody>>();
  #open = 0;

  constructor(execute: (command: Command) => Promise<ReplyBody>) {
    this.#execute = execute;
  }

  /** Replies that have not been sent. */
  get open(): number {
    return this.#open;
  }

  /** Executes the command, if it is new, and hands its reply to `send`. One that fails is answered with the cause. */
  answer(command: Command, send: (reply: ReplyBody) => void): void {
    const settle = (reply: ReplyBody): void => {
      this.#open -= 1;
      send(reply);
    };
    this.#open += 1;
    this.#replyTo(command).then(settle, (error: unknown) =>
      settle({ id: command.id, ok: false, error: "internal", message: String(error) }),
    );
  }

  #replyTo(command: Command): Promise<ReplyBody> {
    if (REPEATABLE.includes(command.command)) return this.#execute(command);
    const kept = this.#kept.get(command.id);
    if (kept !== undefined) return kept;
    const reply = this.#execute(command);
    this.#kept.set(command.id, reply);
    const oldest = this.#kept.size > MAX_KEPT_REPLIES ? this.#kept.keys().next().value : undefined;
    if (oldest !== undefined) this.#kept.delete(oldest);
    return reply;
  }
}
