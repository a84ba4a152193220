/** What a session gives its handler to work with. */
import type { ExtensionMessage, FastRtcMessage } from "../../shared/channel.ts";
import type { InputValues } from "../../shared/inputs.ts";
import type { RequestFacts } from "../../shared/request-facts.ts";
import type { CallStart } from "../../shared/telephone/call-message.ts";
import type { Clock } from "../time/clock.ts";
import type { Expected } from "../turn/turn-finder.ts";

/** One session's voice activity detection: 16 kHz samples in, a probability of speech per 32 ms window out. */
export interface VadStream {
  push(samples: Int16Array): void;
  /** Tells what the handler waits for. What that is not may come up to a tenth of a second later, and costs less. Never told: everything comes soon. */
  awaits?(what: Expected): void;
  reset(): void;
  close(): void;
}

export interface InputRequest {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** Longest wait; null is none. Default 2,000. */
  readonly timeoutMs?: number | null;
  /** Whether what came so far is an answer to the next request, too, until {@link HandlerContext.clearInputs}. Default false. */
  readonly keep?: boolean;
  /** Whether to send the client `send_input`. Default true. */
  readonly ask?: boolean;
}

export interface HandlerContext {
  /** The session's id, minted by the edge. */
  readonly sid: string;
  /** What the client calls the session: `webrtc_id`. */
  readonly clientId: string;
  /** The stream's name. */
  readonly stream: string;
  /** Whether it is a telephone call: nobody can send inputs or see a page. */
  readonly phoneMode: boolean;
  /** Of a telephone call: its provider, the provider's name for it, and the numbers as far as they are known. */
  readonly call?: CallStart | undefined;
  /** What is known of the request that began the session. */
  readonly request: RequestFacts;
  /** Aborted when the session ends, for whatever reason. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Whether the stream declares inputs. */
  readonly declaresInputs: boolean;
  /** Their names, as they are declared. */
  readonly inputNames: readonly string[];
  /** The latest value of each declared input. What the client has not sent has its default, a secret none. */
  readonly inputs: InputValues;
  /** Whether the client has sent some since the start, or since {@link clearInputs}. */
  readonly inputsArrived: boolean;
  /**
   * Asks the client for its inputs and settles with the latest: at once if some came since the last request or {@link clearInputs},
   * else when they come, or with what there is when the wait ends. A client of ours is not waited for: it sends them as they change.
   */
  requestInputs(request?: InputRequest): Promise<InputValues>;
  /** What came so far is no answer to the next {@link requestInputs}. */
  clearInputs(): void;
  /**
   * The caller's, for the handler to keep what it likes. Where the session ends at its time limit on a stream whose queue
   * says `rejoin`, the caller's next session on this node finds it again.
   */
  readonly state: Map<string, unknown>;
  /** Sends one of FastRTC's messages to the client. */
  send(message: FastRtcMessage): void;
  /** Sends a warning for people to read: FastRTC's `Warning`. The call goes on. */
  warn(text: string): void;
  /** Sends a text of the handler's own to the client, as it is. */
  sendText(text: string): void;
  /** Sends one of EdgeRTC's own messages, if the client asked for them. */
  extend(message: ExtensionMessage): void;
  /** Drops all audio queued for the client, at once. @returns the milliseconds dropped. */
  clearQueue(): number;
  /** Holds the audio queued for the client, and what comes, until {@link resumeOutput} or {@link clearQueue}. */
  holdOutput(): void;
  /** Lets held audio go on where it stopped. */
  resumeOutput(): void;
  /** True while audio is on its way to the client, held audio included. */
  readonly playing: () => boolean;
  /** Opens voice activity detection. `onProbability` is called for each window, in order. */
  openVad(onProbability: (probability: number) => void): VadStream;
  /** Writes to the node's log, with the session's ids. */
  logError(error: unknown, message: string): void;
}
