/**
 * One opening of a session: the way of its offer through admission and placement to the node and its answer, to another
 * node where one does not take it, and all the way back where none does. It leaves either an answered session with its
 * lease, or neither.
 */
import type { IceCandidate } from "../../shared/candidate.ts";
import { type FailedBody, failedBody, fastRtcRefusal, isErrorCode, withPlace } from "../../shared/errors.ts";
import { sessionOfTicket } from "../../shared/ids.ts";
import type { Command } from "../../shared/link.ts";
import { COMMAND_DEADLINE_MS } from "../deadlines.ts";
import type { Admission } from "../ledger/types.ts";
import { log, reasonOf } from "../log.ts";
import type { CommandResult, Message, SessionApi } from "../rpc.ts";
import { isReset } from "./call.ts";
import type { KeptCandidates } from "./kept-candidates.ts";
import { failed } from "./refusal.ts";
import type { SessionCalls } from "./session-calls.ts";
import { candidateCommand } from "./session-control.ts";
import type { Placed, SessionEvent } from "./session-state.ts";

export type OfferRequest = Message<SessionApi, "offer">;
export type SocketRequest = Message<SessionApi, "openSocket">;
/** What begins a session, over whichever transport. */
export type OpeningRequest = OfferRequest | SocketRequest;

export type Opened =
  | { readonly ok: true; readonly reply: CommandResult & { ok: true } }
  | { readonly ok: false; readonly body: FailedBody };

export interface OpeningOptions {
  readonly calls: Pick<SessionCalls, "admit" | "placeElsewhere" | "find" | "release" | "command">;
  /** Those that came before the offer, and come while it is under way. */
  readonly candidates: KeptCandidates;
  /** Where the session is by now. */
  readonly on: (event: SessionEvent) => void;
  /** Goes on with what the client does not wait for. Such work never rejects. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export class Opening {
  readonly #request: OpeningRequest;
  readonly #options: OpeningOptions;

  constructor(request: OpeningRequest, options: OpeningOptions) {
    this.#request = request;
    this.#options = options;
  }

  /** Once. */
  async run(): Promise<Opened> {
    const { sid, stream, token } = this.#request;
    const { calls, candidates, on, waitUntil } = this.#options;
    const untilMs = Date.now() + COMMAND_DEADLINE_MS;
    on({ event: "offer", sid });
    let placed: Placed | null = null;
    try {
      const admission = await calls.admit(stream, { ...this.#admissionRequest(), token });
      if (!admission.ok) return this.#refuse(admission);
      placed = { sid, nodeId: admission.nodeId, epoch: admission.epoch };
      candidates.restart();
      const tried: string[] = [];
      // A repeated offer may have reached its node before: then only the node can say that it does not have the session.
      let again = admission.again === true;
      for (;;) {
        on({ event: "placed", placed });
        const reply = await calls.command(placed, this.#offerCommand(), untilMs - Date.now());
        if (reply.ok) return await this.#answer(placed, reply);
        if (!isRefusedByNode(reply, again)) return await this.#fail(placed, reply);
        tried.push(placed.nodeId);
        const elsewhere = await calls.placeElsewhere(stream, this.#admissionRequest(), tried);
        if (!elsewhere.ok) return this.#refuse(elsewhere, reply.error);
        placed = { sid, nodeId: elsewhere.nodeId, epoch: elsewhere.epoch };
        again = false;
      }
    } catch (error) {
      log("error", "offer_failed", { sid, stream, reason: reasonOf(error) });
      on({ event: "failed" });
      candidates.clear();
      waitUntil(placed === null ? this.#releaseUnplaced() : this.#endThenRelease(placed));
      return failed(isReset(error) ? "edge_restarting" : "internal");
    }
  }

  #admissionRequest() {
    const { sid, clientId, ticket, near } = this.#request;
    return { sid, clientId, ticket, near };
  }

  #offerCommand(): Command {
    const { sid, stream, clientId, ticket, timeLimitMs, request } = this.#request;
    const common = {
      id: `${sid}:offer`,
      sid,
      stream,
      clientId,
      ...(ticket === undefined ? {} : { resumes: sessionOfTicket(ticket) }),
      ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
      ...(request === undefined ? {} : { request }),
    };
    if ("sdp" in this.#request) {
      const candidates = this.#options.candidates.withOffer();
      return { ...common, command: "offer", sdp: this.#request.sdp, candidates };
    }
    const { transport, secret } = this.#request;
    return { ...common, command: "offer_socket", transport, ...(secret === undefined ? {} : { secret }) };
  }

  async #answer(placed: Placed, reply: CommandResult & { ok: true }): Promise<Opened> {
    const lacksSdp = "sdp" in this.#request && reply.sdp === undefined;
    if (lacksSdp) return await this.#fail(placed, { ok: false, error: "internal", sent: true });
    const { candidates, on, waitUntil } = this.#options;
    on({ event: "answer" });
    for (const candidate of candidates.held()) waitUntil(this.#passOn(placed, candidate));
    candidates.clear();
    return { ok: true, reply };
  }

  /** Passes on a candidate whose client has had its reply. */
  async #passOn(placed: Placed, candidate: IceCandidate): Promise<void> {
    try {
      await this.#options.calls.command(placed, candidateCommand(this.#request, candidate));
    } catch (error) {
      this.#logLoss("candidate_lost", error);
    }
  }

  /** The ledger has no slot for it, or none any more. @param nodeError why the last node did not take it. */
  #refuse(admission: Admission & { ok: false }, nodeError?: string): Opened {
    const { code, limit, queued } = admission;
    this.#options.on({ event: "refused", taken: code === "connection_already_exists" });
    this.#options.candidates.clear();
    const isFastRtc = code === "concurrency_limit_reached" || code === "connection_already_exists";
    const unable = nodeError === "node_unreachable" || nodeError === "protocol_mismatch";
    const own = code === "node_full" && unable ? nodeError : code;
    return { ok: false, body: withPlace(isFastRtc ? fastRtcRefusal(code, limit) : failedBody(own), queued) };
  }

  /** The node did not answer, or not with an answer. */
  async #fail(placed: Placed, reply: CommandResult & { ok: false }): Promise<Opened> {
    const { candidates, on, waitUntil } = this.#options;
    on({ event: "failed" });
    candidates.clear();
    if (isSilence(reply)) waitUntil(this.#endThenRelease(placed));
    else {
      // It said itself that it does not have the session: the slot is free before the client hears of it.
      await this.#release(placed);
      waitUntil(this.#end(placed));
    }
    return isErrorCode(reply.error) ? failed(reply.error, reply.message) : failed("internal", reply.error);
  }

  /**
   * Ends the session on the node and then frees its lease: never the other way round, for a node that is slow may still
   * take the offer. If the node cannot be asked, the lease falls with the node, by its next snapshot, or by its deadline.
   */
  async #endThenRelease(placed: Placed): Promise<void> {
    if (await this.#end(placed)) await this.#release(placed);
  }

  /** @returns true if the node said that it does not have the session, or no longer. */
  async #end(placed: Placed): Promise<boolean> {
    const { sid, stream, clientId } = this.#request;
    const command = { id: `${sid}:end`, command: "end", sid, stream, clientId, reason: "offer_failed" } as const;
    try {
      const reply = await this.#options.calls.command(placed, command);
      return reply.ok || !isSilence(reply);
    } catch (error) {
      this.#logLoss("end_failed", error);
      return false;
    }
  }

  async #release({ nodeId, epoch }: Placed): Promise<void> {
    const { sid, stream, clientId } = this.#request;
    try {
      await this.#options.calls.release(stream, { sid, clientId, nodeId, epoch });
    } catch (error) {
      this.#logLoss("release_failed", error);
    }
  }

  /** Admission failed under way: it may have given a lease all the same, and if it was repeated, a node have it. */
  async #releaseUnplaced(): Promise<void> {
    const { sid, stream, clientId } = this.#request;
    try {
      const info = await this.#options.calls.find(stream, clientId);
      if (info?.state === "pending" && info.lease.sid === sid) await this.#endThenRelease(info.lease);
    } catch (error) {
      this.#logLoss("release_failed", error);
    }
  }

  #logLoss(event: "candidate_lost" | "end_failed" | "release_failed", error: unknown): void {
    const { sid, stream } = this.#request;
    log("warn", event, { sid, stream, reason: reasonOf(error) });
  }
}

/** True if the node said nothing, so that it may have the session or get it yet. */
function isSilence(reply: CommandResult & { ok: false }): boolean {
  return reply.error === "edge_timeout" || reply.error === "node_unreachable";
}

/**
 * True if the node certainly does not have the session, and another may take it.
 * @param again whether it may have been asked before, by an object that was reset.
 */
function isRefusedByNode(reply: CommandResult & { ok: false }, again: boolean): boolean {
  // A node of the release before does not know every way to open a session.
  if (reply.error === "node_full" || reply.error === "protocol_mismatch") return true;
  return reply.error === "node_unreachable" && !reply.sent && !again;
}
