/**
 * Commands on their way to a node, from the call that brings them to the node's reply, their deadline, or the node's
 * loss. They outlive a socket: what has no reply yet is sent again after a redial.
 */
import type { Command, ReplyBody } from "../../shared/link.ts";
import { COMMAND_DEADLINE_MS } from "../deadlines.ts";
import type { CommandResult } from "../rpc.ts";

/** Commands waiting for one node. Past it new ones are refused: the node does not keep up. */
export const MAX_PENDING_COMMANDS = 2_000;

/** True for commands that bring a node a session: one that never saw it can be passed over. */
export const isOffer = ({ command }: Command): boolean => command === "offer" || command === "offer_socket";

/** Schedules `run` and returns what cancels it. */
export type Schedule = (run: () => void, delayMs: number) => () => void;

interface Pending {
  readonly command: Command;
  readonly result: Promise<CommandResult>;
  readonly settle: (result: CommandResult) => void;
  readonly cancelDeadline: () => void;
  /** Whether any socket took it: the node may have seen it. */
  sent: boolean;
}

export class PendingCommands {
  readonly #pending = new Map<string, Pending>();
  readonly #schedule: Schedule;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  has(id: string): boolean {
    return this.#pending.has(id);
  }

  /**
   * Sends a command and waits for its reply. The same id again joins the one that waits.
   * @param send puts it on the socket; false if there is none at the moment.
   * @param withinMs how long to wait for the reply, at most COMMAND_DEADLINE_MS.
   */
  async run(
    command: Command,
    send: (command: Command) => boolean,
    withinMs = COMMAND_DEADLINE_MS,
  ): Promise<CommandResult> {
    const waiting = this.#pending.get(command.id);
    if (waiting !== undefined) return waiting.result;
    if (this.#pending.size >= MAX_PENDING_COMMANDS) {
      return { ok: false, error: "node_full", message: "The media node does not keep up.", sent: false };
    }
    const { promise, resolve } = Promise.withResolvers<CommandResult>();
    // The deadline belongs to this entry: settling it, by whatever way, cancels the timer.
    const cancelDeadline = this.#schedule(
      () => this.#fail(command.id, "edge_timeout"),
      Math.min(withinMs, COMMAND_DEADLINE_MS),
    );
    const pending: Pending = { command, result: promise, settle: resolve, cancelDeadline, sent: false };
    this.#pending.set(command.id, pending);
    pending.sent = send(command);
    return promise;
  }

  /** The node replied. A reply nobody waits for any more is dropped. */
  reply(reply: ReplyBody): void {
    if (reply.ok) {
      const { sdp, outputs, socketUrl } = reply;
      this.#settle(reply.id, {
        ok: true,
        ...(sdp === undefined ? {} : { sdp }),
        ...(outputs === undefined ? {} : { outputs }),
        ...(socketUrl === undefined ? {} : { socketUrl }),
      });
    } else {
      const { error, message } = reply;
      this.#settle(reply.id, { ok: false, error, ...(message === undefined ? {} : { message }), sent: true });
    }
  }

  /** A socket is there again: everything without a reply goes over it. */
  resend(send: (command: Command) => boolean): void {
    for (const pending of this.#pending.values()) {
      if (send(pending.command)) pending.sent = true;
    }
  }

  /**
   * The node is gone, or a new run of it came: nobody will reply.
   * @param effect `unseen` if no command had any: the node left in good order, with no session.
   */
  abandon(effect: "unknown" | "unseen" = "unknown"): void {
    for (const [id, pending] of [...this.#pending]) {
      if (effect === "unseen") pending.sent = false;
      this.#fail(id, "node_unreachable");
    }
  }

  /** The node cannot be reached for now: offers it never saw are better placed elsewhere; the rest waits for it. */
  abandonUnsentOffers(): void {
    for (const [id, { command, sent }] of [...this.#pending]) {
      if (isOffer(command) && !sent) this.#fail(id, "node_unreachable");
    }
  }

  #fail(id: string, error: "edge_timeout" | "node_unreachable"): void {
    const sent = this.#pending.get(id)?.sent ?? false;
    this.#settle(id, { ok: false, error, sent });
  }

  #settle(id: string, result: CommandResult): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    pending.cancelDeadline();
    pending.settle(result);
  }
}
