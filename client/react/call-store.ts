/**
 * What a component shows of its calls, one after another: a snapshot that changes as a whole, and who is told of it. Knows nothing of
 * React. Touches the browser only once a call is started, so that it can be made on a server.
 */
import {
  type Call,
  CallError,
  type CallInfo,
  type CallOptions,
  type CallState,
  createCall,
  type Levels,
  type TranscriptLine,
  type TurnState,
} from "../index.ts";

/** Lines and outputs kept of one call. Past it the oldest are left out. */
const MAX_LINES = 500;
const MAX_OUTPUTS = 200;

/** Arguments of one AdditionalOutputs. `id` counts from 1. */
export interface CallOutput {
  readonly id: number;
  readonly values: readonly unknown[];
}

export interface CallSnapshot {
  /** Of the call that runs, or ran last; `idle` before the first. */
  readonly state: CallState;
  readonly info: CallInfo | null;
  /** Whose turn it is; null where the handler takes none. */
  readonly turn: TurnState | null;
  readonly transcript: readonly TranscriptLine[];
  readonly outputs: readonly CallOutput[];
  /** The last thing that went wrong, whether or not the call went on; null once it was dismissed. */
  readonly error: CallError | null;
  readonly localVideo: MediaStream | null;
  readonly remoteVideo: MediaStream | null;
}

export const NO_CALL: CallSnapshot = {
  state: { name: "idle" },
  info: null,
  turn: null,
  transcript: [],
  outputs: [],
  error: null,
  localVideo: null,
  remoteVideo: null,
};

export class CallStore {
  readonly #listeners = new Set<() => void>();
  readonly #levelListeners = new Set<(levels: Levels) => void>();
  #snapshot: CallSnapshot = NO_CALL;
  #call: Call | null = null;

  get call(): Call | null {
    return this.#call;
  }

  readonly getSnapshot = (): CallSnapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Loudness of calls that start from now on. */
  readonly subscribeLevels = (listener: (levels: Levels) => void): (() => void) => {
    this.#levelListeners.add(listener);
    return () => this.#levelListeners.delete(listener);
  };

  /**
   * Starts a call; one that runs is hung up. To be called in a user gesture.
   * @returns whether it came up: what went wrong is in the snapshot.
   */
  async start(options: CallOptions): Promise<boolean> {
    this.#drop();
    const call = createCall(options);
    this.#call = call;
    this.#follow(call);
    return await call.start().then(
      () => true,
      () => false,
    );
  }

  async end(): Promise<void> {
    await this.#call?.end();
  }

  dismissError(): void {
    this.#show({ error: null });
  }

  /** Something that was asked of the call and could not be done. */
  readonly fail = (error: unknown): void => {
    this.#show({ error: error instanceof CallError ? error : new CallError("internal", { cause: error }) });
  };

  /** Nobody looks any more: hangs up. It may be used again. */
  close(): void {
    this.#drop();
    this.#snapshot = NO_CALL;
  }

  #drop(): void {
    const call = this.#call;
    this.#call = null;
    void call?.end();
    this.#show(NO_CALL);
  }

  #follow(call: Call): void {
    const show = (change: () => Partial<CallSnapshot>): void => {
      if (this.#call === call) this.#show(change());
    };
    call.on("state", (state) =>
      // The next session says whose turn it is.
      show(() => ({ state, info: call.info, ...(state.name === "queued" && { turn: null }) })),
    );
    call.on("message", ({ message }) => {
      if (message?.type === "session") show(() => ({ info: call.info }));
    });
    call.on("turn", (turn) => show(() => ({ turn })));
    call.on("transcript", (line) => show(() => ({ transcript: withLine(this.#snapshot.transcript, line) })));
    call.on("output", (values) => show(() => ({ outputs: withOutput(this.#snapshot.outputs, values) })));
    call.on("localVideo", (localVideo) => show(() => ({ localVideo })));
    call.on("remoteVideo", (remoteVideo) => show(() => ({ remoteVideo })));
    call.on("error", (error) => show(() => ({ error })));
    // Measured only where somebody listens.
    if (this.#levelListeners.size === 0) return;
    call.on("levels", (levels) => {
      if (this.#call === call) for (const listener of this.#levelListeners) listener(levels);
    });
  }

  #show(change: Partial<CallSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** The same `id` again replaces the text: a line that grows. */
function withLine(lines: readonly TranscriptLine[], line: TranscriptLine): readonly TranscriptLine[] {
  const index = lines.findLastIndex(({ id }) => id === line.id);
  return index === -1 ? [...lines, line].slice(-MAX_LINES) : lines.with(index, line);
}

function withOutput(outputs: readonly CallOutput[], values: readonly unknown[]): readonly CallOutput[] {
  const id = (outputs.at(-1)?.id ?? 0) + 1;
  return [...outputs, { id, values }].slice(-MAX_OUTPUTS);
}
