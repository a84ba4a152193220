/**
 * A session as a developer's own routes have it: inputs in, outputs out, and its end. Every method that fails throws a
 * {@link SessionError}, which Hono answers with by itself.
 */
import { HTTPException } from "hono/http-exception";
import * as v from "valibot";
import { ERRORS, type ErrorCode, isErrorCode } from "../shared/errors.ts";
import { checkInputs, type InputDeclarations, type InputIssue, type InputValues } from "../shared/inputs.ts";
import { PROTOCOL_VERSION } from "../shared/version.ts";
import type { DirectoryCache } from "./directory-cache.ts";
import { type Env, sessionOf, streamOf } from "./env.ts";
import type { KnownSessions } from "./known-sessions.ts";
import { callObject, isReset } from "./objects/call.ts";
import { comeBack, eventStream, type ServerEvent } from "./outputs/event-stream.ts";
import { OutputWatch, type SessionOutput } from "./outputs/watch.ts";
import { refuse, refuseUnknown } from "./routes/reply.ts";
import type { SessionAction, SessionInfo } from "./rpc.ts";

/** As long as FastRTC's `fetch_latest_output` waits. */
const FETCH_TIMEOUT_MS = 10_000;

/** A watch that was interrupted begins again after this. */
const RESUME_MS = 250;

/** An event stream of a session that is not there yet waits for it, so long from one look to the next. */
const EARLY_WATCH_MS: readonly number[] = [100, 200, 400, 800, 1_500];

/** How a session's object says why it cannot be watched. */
const Refusal = v.object({ meta: v.object({ error: v.string(), message: v.optional(v.string()) }) });

/** Why a session cannot do what it was asked. `getResponse()` is the reply that explains it: 404, 409, 422, 503. */
export class SessionError extends HTTPException {
  override readonly name = "SessionError";
  /** Of the catalogue; `invalid_inputs` for a 422. */
  readonly code: ErrorCode;
  readonly #response: Response;

  constructor(code: ErrorCode, response: Response, message: string = ERRORS[code].what) {
    super(undefined, { message });
    this.code = code;
    this.#response = response;
  }

  /** The reply, with its own status. */
  override getResponse(): Response {
    return this.#response.clone();
  }
}

/** A 422 as FastAPI has it. */
export function invalidInputs(issues: readonly InputIssue[]): SessionError {
  const message = issues.map(({ loc, msg }) => `${loc.join(".")}: ${msg}`).join("; ");
  return new SessionError("invalid_inputs", Response.json({ detail: issues }, { status: 422 }), message);
}

export interface OutputsOptions {
  /** Id of the last output seen: only later ones come. Default: from the oldest that is kept. */
  readonly after?: string;
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}

export interface FetchOptions {
  /** Id of an output: the one right after it is meant. Default: the newest there is. */
  readonly after?: string;
  /** Longest wait where there is none yet. Default 10,000, as in FastRTC. */
  readonly timeoutMs?: number;
}

/** What an isolate remembers for all its sessions. */
export interface SessionCaches {
  readonly directory: DirectoryCache;
  readonly known: KnownSessions;
}

export class EdgeSession {
  readonly #env: Env;
  readonly #caches: SessionCaches;
  readonly #sid: string | undefined;
  /** What the client calls it: its `webrtc_id`. */
  readonly clientId: string;
  /** Name of its stream. */
  readonly stream: string;

  /** @param sid the session that is meant. Default: whichever has the client id. */
  constructor(env: Env, caches: SessionCaches, stream: string, clientId: string, sid?: string) {
    this.#env = env;
    this.#caches = caches;
    this.#sid = sid;
    this.stream = stream;
    this.clientId = clientId;
  }

  /**
   * Gives the handler inputs, by name; those not among them stay as they are.
   * @throws SessionError 422 for values that the stream does not declare, 404 where there is no such session.
   */
  async setInput(values: Readonly<Record<string, unknown>>): Promise<void> {
    const check = checkInputs(await this.#declarations(), values, ["inputs"], "refuse");
    if (!check.ok) throw invalidInputs(check.issues);
    await this.sendChecked(check.values);
  }

  /** {@link setInput} for values that have been checked. */
  async sendChecked(values: InputValues): Promise<void> {
    await this.#control({ kind: "inputs", values });
  }

  /**
   * Makes the handler answer now, with what was said so far, which may be nothing.
   * @throws SessionError 409 for handlers that take no turns, or where the call is not connected yet.
   */
  async triggerResponse(): Promise<void> {
    await this.#control({ kind: "trigger_response" });
  }

  /** Tells the client that its connection is over; FastRTC's clients then hang up. */
  async updateConnection(connection: "closed"): Promise<void> {
    await this.#control({ kind: "update_connection", connection });
  }

  /** Ends the session. Nothing happens if it has ended. */
  async close(): Promise<void> {
    try {
      await this.#control({ kind: "close" });
    } catch (error) {
      if (!(error instanceof SessionError && error.code === "unknown_connection")) throw error;
    }
  }

  /** How it stands; null if there is no such session, or it has been forgotten. */
  async info(): Promise<SessionInfo> {
    await this.#declarations();
    return await this.#find();
  }

  /**
   * The handler's additional outputs, each once, until the session ends.
   * @throws SessionError 404 where there is no such session.
   */
  async *outputs({ after = "", signal }: OutputsOptions = {}): AsyncGenerator<SessionOutput> {
    const watch = await this.#watch(after);
    if (watch !== "over") yield* this.#read(watch, after, signal ?? null);
  }

  /**
   * One output: FastRTC's `fetch_latest_output`. That gives them one after the other, each once, to whoever asks; here it is the
   * newest, or with `after` the next one.
   * @throws SessionError 504 `no_output` where none comes in time, 404 where there is no such session, or no longer.
   */
  async fetchLatestOutput({ after, timeoutMs = FETCH_TIMEOUT_MS }: FetchOptions = {}): Promise<SessionOutput> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    try {
      const watch = await this.#watch(after ?? "");
      if (watch !== "over") {
        for await (const output of this.#read(watch, after ?? "", late.signal)) {
          return after === undefined ? (watch.newest() ?? output) : output;
        }
      }
    } finally {
      clearTimeout(timer);
    }
    if (late.signal.aborted) throw new SessionError("no_output", refuse("no_output"));
    throw new SessionError("unknown_connection", refuseUnknown());
  }

  /**
   * The outputs as server-sent events named `output`, for a page's EventSource: it may come back and goes on where it was.
   * @param request of the page: its `Last-Event-ID` counts.
   * @param dataOf the data of the events of one output, none or several; a text is sent as it is, anything else as JSON.
   * Default: one event, whose data is the output's only argument, or the list of them.
   * @throws SessionError 404 where there is no such session.
   */
  async events(request: Request, dataOf: (output: SessionOutput) => readonly unknown[] = oneEvent): Promise<Response> {
    const after = request.headers.get("last-event-id") ?? "";
    const isEventSource = request.headers.get("accept")?.includes("text/event-stream") === true;
    let watch: OutputWatch | "over";
    try {
      watch = await (isEventSource ? this.#watchSoon(after) : this.#watch(after));
    } catch (error) {
      // An EventSource gives up for good on any reply that is no event stream; for a moment's trouble it must not.
      const passes = error instanceof SessionError && error.getResponse().status >= 500;
      if (passes && isEventSource) return comeBack(error.code);
      throw error;
    }
    // Tells an EventSource not to come back.
    if (watch === "over") return new Response(null, { status: 204 });
    const done = new AbortController();
    const events = asEvents(this.#read(watch, after, done.signal), dataOf);
    return eventStream(events, { onDone: () => done.abort() });
  }

  async *#read(first: OutputWatch, after: string, signal: AbortSignal | null): AsyncGenerator<SessionOutput> {
    let last = after;
    for (let watch: OutputWatch | "over" = first; watch !== "over"; watch = await this.#watch(last)) {
      for await (const output of until(watch, signal)) {
        if (output === "over") return;
        last = output.id;
        yield output;
      }
      if (signal?.aborted === true) return;
      await scheduler.wait(RESUME_MS);
    }
  }

  /** FastRTC's pages ask for the outputs of a WebSocket's session before they have opened it. */
  async #watchSoon(after: string): Promise<OutputWatch | "over"> {
    for (const waitMs of EARLY_WATCH_MS) {
      try {
        return await this.#watch(after);
      } catch (error) {
        if (!(error instanceof SessionError && error.code === "unknown_connection")) throw error;
        await scheduler.wait(waitMs);
      }
    }
    return await this.#watch(after);
  }

  async #watch(after: string): Promise<OutputWatch | "over"> {
    await this.#declarations();
    const standing = await this.#standing();
    if (standing === "over") return "over";
    if (standing === "unknown") throw new SessionError("unknown_connection", refuseUnknown());
    const only = this.#sid === undefined ? {} : { sid: this.#sid };
    const query = new URLSearchParams({
      stream: this.stream,
      clientId: this.clientId,
      after: after.slice(0, 64),
      ...only,
    });
    const request = (): Promise<Response> =>
      sessionOf(this.#env, this.stream, this.clientId).fetch(
        new Request(`https://session/outputs?${query}`, { headers: { upgrade: "websocket" } }),
      );
    const response = await this.#call(request);
    if (response.webSocket !== null) return new OutputWatch(response.webSocket);
    if (response.status === 204) return "over";
    const refusal = v.safeParse(Refusal, await response.json());
    const code = refusal.success && isErrorCode(refusal.output.meta.error) ? refusal.output.meta.error : "internal";
    throw code === "unknown_connection"
      ? new SessionError(code, refuseUnknown())
      : new SessionError(code, refuse(code, refusal.success ? refusal.output.meta.message : undefined));
  }

  async #control(action: SessionAction): Promise<void> {
    await this.#declarations();
    if ((await this.#standing()) !== "there") throw new SessionError("unknown_connection", refuseUnknown());
    const { stream, clientId } = this;
    // Minted here: repeated after a reset, it still takes effect once.
    const requestId = crypto.randomUUID();
    const request = { v: PROTOCOL_VERSION, stream, clientId, sid: this.#sid, requestId, action };
    const result = await this.#call(() => sessionOf(this.#env, stream, clientId).control(request));
    if (result.ok) return;
    const { error, message } = result;
    throw new SessionError(error, error === "unknown_connection" ? refuseUnknown() : refuse(error, message), message);
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await callObject(call);
    } catch (error) {
      if (!isReset(error)) throw error;
      throw new SessionError("edge_restarting", refuse("edge_restarting"));
    }
  }

  /** No object is made for an id that no session has. */
  async #standing(): Promise<"there" | "over" | "unknown"> {
    const { known } = this.#caches;
    if (known.has(this.stream, this.clientId)) return "there";
    const info = await this.#find();
    if (info === null) return "unknown";
    if (info.state === "ended") return "over";
    known.add(this.stream, this.clientId);
    return "there";
  }

  async #find(): Promise<SessionInfo> {
    const { clientId } = this;
    const info = await this.#call(() => streamOf(this.#env, this.stream).find({ v: PROTOCOL_VERSION, clientId }));
    const sid = info?.state === "ended" ? info.sid : info?.lease.sid;
    return this.#sid === undefined || this.#sid === sid ? info : null;
  }

  /** What its stream declares. No object is made for a session of a stream that nobody registered. */
  async #declarations(): Promise<InputDeclarations> {
    const entry = await this.#caches.directory.lookup(this.#env, this.stream);
    if (entry.kind === "known") return entry.descriptor.inputs ?? {};
    if (entry.kind === "unknown") throw new SessionError("unknown_stream", refuse("unknown_stream"));
    throw new SessionError("unknown_connection", refuseUnknown());
  }
}

/** A watch's outputs until it is interrupted; `over` is the last of a session that has ended. */
async function* until(watch: OutputWatch, signal: AbortSignal | null): AsyncGenerator<SessionOutput | "over"> {
  const stop = (): void => watch.close();
  signal?.addEventListener("abort", stop);
  try {
    if (signal?.aborted === true) return;
    for (let next = await watch.next(); next !== "interrupted"; next = await watch.next()) {
      yield next;
      if (next === "over") return;
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    watch.close();
  }
}

async function* asEvents(
  outputs: AsyncIterable<SessionOutput>,
  dataOf: (output: SessionOutput) => readonly unknown[],
): AsyncGenerator<ServerEvent> {
  for await (const output of outputs) {
    for (const data of dataOf(output)) yield { id: output.id, data };
  }
}

function oneEvent({ args }: SessionOutput): readonly unknown[] {
  return [args.length === 1 ? args[0] : args];
}
