/** What every function of a stream is given, whatever it is called for: the session it runs for. */
import type { InputValues } from "../../shared/inputs.ts";
import type { RequestFacts } from "../../shared/request-facts.ts";
import type { HandlerContext } from "./context.ts";

/** The session that a function runs for. */
export interface SessionFacts {
  /** Its id, minted by the edge. */
  readonly sid: string;
  /** What the client calls it: its `webrtc_id`. */
  readonly clientId: string;
  /** The stream's name. */
  readonly stream: string;
  /** Whether it is a telephone call. */
  readonly phoneMode: boolean;
  /** Of the request that began it: the headers that the stream asks for, and where it came from. */
  readonly request: RequestFacts;
}

export interface Run<Inputs extends InputValues = InputValues> {
  /** The latest value of each declared input, at every look: `Run<InputsOf<typeof declared>>` gives them their types. */
  readonly inputs: Inputs;
  /** Aborted when nobody waits for the function any more. Pass it on to whatever it waits for. */
  readonly signal: AbortSignal;
  /** Yours to keep things in for the caller, into its next call where this one ends at a time limit that rejoins the queue. */
  readonly state: Map<string, unknown>;
  readonly session: SessionFacts;
}

export function sessionFacts({ sid, clientId, stream, phoneMode, request }: HandlerContext): SessionFacts {
  return { sid, clientId, stream, phoneMode, request };
}

/** @param signal of the function's own run. */
export function runOf<Inputs extends InputValues>(context: HandlerContext, signal: AbortSignal): Run<Inputs> {
  return {
    get inputs() {
      // The session has checked them against the stream's declaration, which `Inputs` is the type of.
      return context.inputs as Inputs;
    },
    signal,
    state: context.state,
    session: sessionFacts(context),
  };
}

/** Characters of a failure that the client is told; the log has all of it. */
const MAX_FAILURE_CHARS = 2_000;

/** Says what went wrong in the log and to the client: the session goes on. Never throws, whatever was thrown. */
export function reportFailure(context: HandlerContext, error: unknown, what: string): void {
  const text = textOf(error).slice(0, MAX_FAILURE_CHARS);
  context.logError(error, what);
  context.send({ type: "error", message: text, data: text });
}

function textOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "The handler threw something that has no text.";
  }
}
