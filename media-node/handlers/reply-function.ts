/** The function that an app developer writes, and what it is given: one turn of a conversation. */
import type { InputValues } from "../../shared/inputs.ts";
import type { HeardFrame } from "../audio/frame.ts";
import type { History } from "./history.ts";
import type { ReplyResult } from "./reply.ts";
import type { SessionFacts } from "./run.ts";

/** What a reply function is given. */
export interface Turn<Inputs extends InputValues = InputValues> {
  /** What the user said: Int16 mono at the handler's `inputSampleRate`. Empty after `triggerResponse` and at start-up. */
  readonly audio: HeardFrame;
  /** The conversation, for chat models; kept to what was heard. */
  readonly history: History;
  /** The declared inputs, as they were when the turn was over: `Turn<InputsOf<typeof declared>>` gives them their types. */
  readonly inputs: Inputs;
  /** Aborted when the user interrupts, or the session ends. Pass it on to whatever the reply waits for. */
  readonly signal: AbortSignal;
  /**
   * Settles once the user is known to be done; rejects if they go on instead. Where a stream thinks ahead (`thinkAheadMs`), wait
   * for it before anything that cannot be taken back, such as an order.
   */
  readonly confirmed: Promise<void>;
  /**
   * Yours to keep things in for the caller, into its next call where this one ends at a time limit that rejoins the queue. What a run
   * sets counts from its first sound on: it is undone where the user goes on before that.
   */
  readonly state: Map<string, unknown>;
  /** The session: its id at the edge, the client's name for it, the stream, what is known of its request. */
  readonly session: SessionFacts;
}

export type ReplyFunction<Inputs extends InputValues = InputValues> = (turn: Turn<Inputs>) => ReplyResult;
