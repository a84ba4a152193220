/** The HTTP side of a call: the stream's descriptor, the offer, the candidates, and what became of a session. */
import * as v from "valibot";
import { EndReason } from "../shared/session.ts";
import { RtcConfiguration, StreamConfig } from "../shared/stream-config.ts";
import { CallError } from "./errors.ts";
import type { CallOptions } from "./options.ts";
import { refusalIn, understand } from "./refusal.ts";
import { type StreamRoutes, streamRoutes } from "./url.ts";

/** How long a question about a session's end may take before it counts as unanswered. */
const SESSION_TIMEOUT_MS = 2_000;

/** The edge gives a provider of TURN servers five. */
const TURN_TIMEOUT_MS = 7_000;

/** FastRTC reads ten fields of a candidate; Firefox's host candidates have eight. */
const CANDIDATE_FIELDS = 10;

/** A strict edge gives the session's own secret with it. */
const Answer = v.object({ sdp: v.string(), type: v.literal("answer"), session_secret: v.optional(v.string()) });

const SessionReply = v.object({ state: v.picklist(["pending", "live", "ended"]), reason: v.optional(EndReason) });

export class Signaling {
  readonly #routes: StreamRoutes;
  readonly #clientId: string;
  readonly #signal: AbortSignal;
  readonly #token: CallOptions["token"];
  #secret: string | undefined;
  #ticket: string | undefined;

  /** @param signal aborts whatever is under way when the call ends. */
  constructor(base: string, stream: string, clientId: string, signal: AbortSignal, token?: CallOptions["token"]) {
    this.#token = token;
    this.#routes = streamRoutes(base, stream);
    this.#clientId = clientId;
    this.#signal = signal;
  }

  /** @throws CallError `unknown_stream`, `no_media_node`, `edge_unreachable` ... */
  async descriptor(): Promise<StreamConfig> {
    return understand(StreamConfig, await this.#request(this.#routes.config));
  }

  /**
   * Sends the offer.
   * @returns the answer's SDP, which holds the node's candidates.
   * @throws CallError `concurrency_limit_reached`, `no_media_node`, `edge_unreachable` ...
   */
  async offer(sdp: string): Promise<string> {
    const token = await this.#joinToken();
    const body = { sdp, type: "offer", webrtc_id: this.#clientId, token, ticket: this.#ticket };
    const answer = understand(Answer, await this.#post(this.#routes.offer, body));
    this.#secret = answer.session_secret;
    this.#ticket = undefined;
    return answer.sdp;
  }

  /**
   * Sends an offer that restarts ICE of the running call. @returns the answer's SDP.
   * @throws CallError `unknown_connection`, `cannot_restart`, `edge_unreachable` ...
   */
  async restart(sdp: string, sid: string, signal: AbortSignal): Promise<string> {
    const body = { sdp, type: "restart", sid, webrtc_id: this.#clientId, session_secret: this.#secret };
    return understand(Answer, await this.#post(this.#routes.offer, body, signal)).sdp;
  }

  /**
   * Sends one candidate. Its reply says nothing that the call would act on: before the offer is answered the edge says
   * `unknown_connection` and keeps it, and a call that works through the others needs none of it.
   * @returns whether it reached the edge.
   */
  async candidate(candidate: RTCIceCandidateInit): Promise<boolean> {
    const body = { candidate: padded(candidate), type: "ice-candidate", webrtc_id: this.#clientId };
    return await this.#post(this.#routes.offer, body).then(
      () => true,
      (error: CallError) => error.code !== "edge_unreachable",
    );
  }

  /** Sends inputs of the running call. @throws CallError `invalid_inputs`, `unknown_connection`, `edge_unreachable` ... */
  async inputs(values: Readonly<Record<string, unknown>>): Promise<void> {
    const session = { webrtc_id: this.#clientId, session_secret: this.#secret };
    const reply = await this.#post(this.#routes.inputs, { ...values, ...session });
    // FastRTC's applications name each value that is wrong; ours shows nothing but fields that cannot be.
    if (v.is(v.object({ detail: v.unknown() }), reply)) throw new CallError("invalid_inputs");
  }

  /** Where the session's WebSocket is, with what its edge asks for. */
  async socketUrl(): Promise<string> {
    const token = await this.#joinToken();
    const ticket = this.#ticket;
    return this.#routes.socket({ websocket_id: this.#clientId, ...(token && { token }), ...(ticket && { ticket }) });
  }

  /**
   * ICE servers for one call, as the edge and the browser look at them: here they are only handed on.
   * @throws CallError `turn_refused`, `turn_unavailable`, `token_required`, `edge_unreachable` ...
   */
  async turn(): Promise<RtcConfiguration> {
    const token = await this.#joinToken();
    const headers = token === undefined ? {} : authorization(token);
    const timeout = AbortSignal.timeout(TURN_TIMEOUT_MS);
    return understand(RtcConfiguration, await this.#request(this.#routes.turn, { headers }, timeout));
  }

  /** A place in line: the next offers are made with it. Undefined once it was used. */
  useTicket(ticket: string | undefined): void {
    this.#ticket = ticket;
  }

  /** How the place in line stands, unread. To ask is what keeps it. @throws CallError `edge_unreachable` */
  async place(): Promise<unknown> {
    return await this.#request(this.#routes.ticket(this.#ticket ?? ""), {}, AbortSignal.timeout(SESSION_TIMEOUT_MS));
  }

  /** Gives the place in line up, where there is one, for whoever is next. */
  async leaveLine(): Promise<void> {
    if (this.#ticket !== undefined) await this.#delete(this.#routes.ticket(this.#ticket));
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
    await this.#delete(this.#routes.session(this.#clientId));
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

  get #headers(): Record<string, string> {
    return this.#secret === undefined ? {} : authorization(this.#secret);
  }

  /** Also when the call has ended, and when the page goes away. */
  async #delete(url: string): Promise<void> {
    const signal = AbortSignal.timeout(SESSION_TIMEOUT_MS);
    await fetch(url, { method: "DELETE", keepalive: true, signal, headers: this.#headers }).catch(() => null);
  }

  async #post(url: string, body: object, signal?: AbortSignal): Promise<unknown> {
    const headers = { "content-type": "application/json" };
    return await this.#request(url, { method: "POST", headers, body: JSON.stringify(body) }, signal);
  }

  async #request(
    url: string,
    request: RequestInit = { headers: this.#headers },
    timeout?: AbortSignal,
  ): Promise<unknown> {
    const signal = timeout === undefined ? this.#signal : AbortSignal.any([this.#signal, timeout]);
    // A reply that is not JSON is some proxy's: to the caller the edge was not reached either.
    const reply: unknown = await fetch(url, { ...request, signal })
      .then((response) => response.json())
      .catch((cause: unknown) => {
        throw new CallError("edge_unreachable", { cause });
      });
    const refusal = refusalIn(reply);
    if (refusal !== null) throw refusal;
    return reply;
  }
}

function authorization(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}

/** A candidate line with as many fields as FastRTC insists on: `generation` is an extension that says nothing new. */
function padded(candidate: RTCIceCandidateInit): RTCIceCandidateInit {
  const line = candidate.candidate ?? "";
  return line.split(" ").length < CANDIDATE_FIELDS ? { ...candidate, candidate: `${line} generation 0` } : candidate;
}
