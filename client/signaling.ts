/** The HTTP side of a call: the stream's descriptor, the offer, the candidates, and what became of a session. */
import * as v from "valibot";
import { StreamDescriptor } from "../shared/descriptor.ts";
import { EndReason } from "../shared/session.ts";
import { CallError } from "./errors.ts";
import type { CallOptions } from "./options.ts";
import { type StreamRoutes, streamRoutes } from "./url.ts";

/** How long a question about a session's end may take before it counts as unanswered. */
const SESSION_TIMEOUT_MS = 2_000;

/** FastRTC reads ten fields of a candidate; Firefox's host candidates have eight. */
const CANDIDATE_FIELDS = 10;

/** A strict edge gives the session's own secret with it. */
const Answer = v.object({ sdp: v.string(), type: v.literal("answer"), session_secret: v.optional(v.string()) });

const Refusal = v.object({
  status: v.literal("failed"),
  meta: v.object({
    error: v.string(),
    limit: v.optional(v.number()),
    message: v.optional(v.string()),
    fix: v.optional(v.string()),
    retryable: v.optional(v.boolean()),
  }),
});

const SessionReply = v.object({ state: v.picklist(["pending", "live", "ended"]), reason: v.optional(EndReason) });

export class Signaling {
  readonly #routes: StreamRoutes;
  readonly #clientId: string;
  readonly #signal: AbortSignal;
  readonly #token: CallOptions["token"];
  #secret: string | undefined;

  /** @param signal aborts whatever is under way when the call ends. */
  constructor(base: string, stream: string, clientId: string, signal: AbortSignal, token?: CallOptions["token"]) {
    this.#token = token;
    this.#routes = streamRoutes(base, stream);
    this.#clientId = clientId;
    this.#signal = signal;
  }

  /** @throws CallError `unknown_stream`, `no_media_node`, `edge_unreachable` ... */
  async descriptor(): Promise<StreamDescriptor> {
    return understand(StreamDescriptor, await this.#request(this.#routes.config));
  }

  /**
   * Sends the offer.
   * @returns the answer's SDP, which holds the node's candidates.
   * @throws CallError `concurrency_limit_reached`, `no_media_node`, `edge_unreachable` ...
   */
  async offer(sdp: string): Promise<string> {
    const token = await this.#joinToken();
    const body = { sdp, type: "offer", webrtc_id: this.#clientId, token };
    const answer = understand(Answer, await this.#request(this.#routes.offer, body));
    this.#secret = answer.session_secret;
    return answer.sdp;
  }

  /**
   * Sends one candidate. Its reply says nothing that the call would act on: before the offer is answered the edge says
   * `unknown_connection` and keeps it, and a call that works through the others needs none of it.
   * @returns whether it reached the edge.
   */
  async candidate(candidate: RTCIceCandidateInit): Promise<boolean> {
    const body = { candidate: padded(candidate), type: "ice-candidate", webrtc_id: this.#clientId };
    return await this.#request(this.#routes.offer, body).then(
      () => true,
      () => false,
    );
  }

  /** Sends inputs of the running call. @throws CallError `invalid_inputs`, `unknown_connection`, `edge_unreachable` ... */
  async inputs(values: Readonly<Record<string, unknown>>): Promise<void> {
    const session = { webrtc_id: this.#clientId, session_secret: this.#secret };
    const reply = await this.#request(this.#routes.inputs, { ...values, ...session });
    // FastRTC's applications name each value that is wrong; ours shows nothing but fields that cannot be.
    if (v.is(v.object({ detail: v.unknown() }), reply)) throw new CallError("invalid_inputs");
    // An application's own route may answer what it likes; only a refusal is one.
    if (v.is(Refusal, reply)) understand(v.never(), reply);
  }

  /** Where the session's WebSocket is, with what its edge asks for. */
  async socketUrl(): Promise<string> {
    const token = await this.#joinToken();
    return this.#routes.socket({ websocket_id: this.#clientId, ...(token === undefined ? {} : { token }) });
  }

  /** A strict edge wants to see it with every request about the session. */
  useSecret(secret: string): void {
    this.#secret = secret;
  }

  /**
   * Gives up a session that was answered and never came up: its slot is free at once. It would be by itself, later. Also when
   * the call has ended, and when the page goes away.
   */
  async giveUp(): Promise<void> {
    const signal = AbortSignal.timeout(SESSION_TIMEOUT_MS);
    const request = { method: "DELETE", keepalive: true, signal, headers: this.#authorization() };
    await fetch(this.#routes.session(this.#clientId), request).catch(() => null);
  }

  /** Why the session ended, or null while it has not, or where nobody can tell. */
  async endReason(): Promise<EndReason | null> {
    const timeout = AbortSignal.timeout(SESSION_TIMEOUT_MS);
    const reply = await this.#request(this.#routes.session(this.#clientId), undefined, timeout).catch(() => null);
    const parsed = v.safeParse(SessionReply, reply);
    return parsed.success && parsed.output.state === "ended" ? (parsed.output.reason ?? "ended_by_edge") : null;
  }

  async #joinToken(): Promise<string | undefined> {
    return typeof this.#token === "function" ? await this.#token() : this.#token;
  }

  #authorization(): Record<string, string> {
    return this.#secret === undefined ? {} : { authorization: `Bearer ${this.#secret}` };
  }

  async #request(url: string, body?: object, timeout?: AbortSignal): Promise<unknown> {
    const signal = timeout === undefined ? this.#signal : AbortSignal.any([this.#signal, timeout]);
    const request: RequestInit =
      body === undefined
        ? { signal, headers: this.#authorization() }
        : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal };
    try {
      const response = await fetch(url, request);
      return await response.json();
    } catch (cause) {
      // A reply that is not JSON is some proxy's: to the caller the edge was not reached either.
      throw new CallError("edge_unreachable", { cause });
    }
  }
}

/** @throws CallError with the edge's code if it refused, `invalid_reply` if it said something else altogether. */
function understand<T>(schema: v.GenericSchema<unknown, T>, reply: unknown): T {
  const parsed = v.safeParse(schema, reply);
  if (parsed.success) return parsed.output;
  const refusal = v.safeParse(Refusal, reply);
  if (!refusal.success) throw new CallError("invalid_reply");
  const { error, ...details } = refusal.output.meta;
  throw new CallError(error, details);
}

/** A candidate line with as many fields as FastRTC insists on: `generation` is an extension that says nothing new. */
function padded(candidate: RTCIceCandidateInit): RTCIceCandidateInit {
  const line = candidate.candidate ?? "";
  return line.split(" ").length < CANDIDATE_FIELDS ? { ...candidate, candidate: `${line} generation 0` } : candidate;
}
