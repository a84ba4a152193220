/**
 * The calls between Worker and objects. Every message carries the protocol version, because a new Worker meets old
 * objects for minutes during a deploy; fields are only ever added, and optional.
 */

import type { CandidateCheck } from "../shared/candidate.ts";
import type { StreamDescriptor } from "../shared/descriptor.ts";
import type { ErrorCode, FailedBody } from "../shared/errors.ts";
import type { InputValues } from "../shared/inputs.ts";
import type {
  Command,
  KeptOutputs,
  NodeLoad,
  Output,
  SessionEvent,
  SessionSnapshot,
  SocketTransport,
} from "../shared/link.ts";
import type { RequestFacts } from "../shared/request-facts.ts";
import type { EndReason } from "../shared/session.ts";
import type { GatewayOverview } from "../shared/telephone/gateway.ts";
import { MIN_PROTOCOL_VERSION } from "../shared/version.ts";
import type { CallEnd } from "./ledger/gateway/calls.ts";
import type { CodeAttempt, CodeResult, GatewayTarget, Registration } from "./ledger/gateway/types.ts";
import type { LedgerOverview, SessionRow } from "./ledger/overview.ts";
import type {
  Admission,
  AdmissionRequest,
  Lease,
  LeaseRef,
  LedgerStatus,
  NodeChange,
  Place,
  TicketStatus,
  Wait,
} from "./ledger/types.ts";

/** What every message between objects has. */
export interface Versioned {
  readonly v: number;
}

/** The message that a call of an object takes: `Message<StreamApi, "admit">`. */
export type Message<Api, Call extends keyof Api> = Api[Call] extends (message: infer M) => unknown ? M : never;

/** Refuses a message of a build too old to be understood. */
export function checkVersion(message: Versioned): void {
  if (message.v < MIN_PROTOCOL_VERSION) throw new Error(`message version ${message.v} is no longer spoken`);
}

/** A session's whereabouts as anyone may ask for them. `sinceMs`: when it was admitted, or ended, since 1970. */
export type SessionInfo =
  | { readonly state: "pending" | "live"; readonly lease: Lease; readonly sinceMs?: number }
  | { readonly state: "ended"; readonly sid: string; readonly reason: EndReason; readonly sinceMs?: number }
  | null;

/** A session that the edge has no lease for: its node ends it. */
export interface SessionName {
  readonly sid: string;
  readonly stream: string;
  readonly clientId: string;
}

/** And why, where that is known. */
export interface UnwantedSession extends SessionName {
  readonly reason?: EndReason;
}

export interface StreamApi {
  admit(request: Versioned & AdmissionRequest): Promise<Admission>;
  placeElsewhere(request: Versioned & AdmissionRequest & { tried: string[] }): Promise<Admission>;
  /** A place in line for a caller who would be refused now. */
  wait(request: Versioned & { sid: string }): Promise<Wait>;
  /** How a ticket of the queue stands. To ask keeps it alive. */
  ticket(request: Versioned & { ticket: string }): Promise<TicketStatus>;
  /** Gives a ticket up. @returns false if there is none. */
  leave(request: Versioned & { ticket: string }): Promise<boolean>;
  release(request: Versioned & LeaseRef & { reason: EndReason }): Promise<void>;
  find(request: Versioned & { clientId: string }): Promise<SessionInfo>;
  /** Why a session ended; `running` while it has a slot; null where there was none, or it was forgotten. */
  endOf(request: Versioned & { sid: string }): Promise<EndReason | "running" | null>;
  /** When sessions ended, in the order they were asked for; `running` while they have a slot, null where nothing is known. */
  endsOf(request: Versioned & { sids: string[] }): Promise<(number | "running" | null)[]>;
  status(request: Versioned): Promise<LedgerStatus>;
  overview(request: Versioned): Promise<LedgerOverview>;
  /** At most `count` sessions, in the order of their client ids, after the client id `after`; "" is from the first on. */
  sessions(request: Versioned & { after: string; count: number }): Promise<SessionRow[]>;
  /** The operator's limit; null takes it back. */
  setLimit(request: Versioned & { limit: number | null }): Promise<void>;
  /** @returns the sessions of the snapshot that have no lease, or null if a newer run of the node was here already. */
  nodeUp(
    request: Versioned & {
      nodeId: string;
      epoch: number;
      revision: number;
      descriptor: StreamDescriptor;
      load: NodeLoad;
      /** Where it dialled from. */
      place?: Place | undefined;
      sessions: SessionSnapshot[];
    },
  ): Promise<{ end: string[] } | null>;
  nodeChanged(request: Versioned & NodeChange): Promise<void>;
  nodeLoad(request: Versioned & { nodeId: string; epoch: number; load: NodeLoad }): Promise<void>;
  /** @returns the sessions that connected without a lease, or with a client id that another session has. */
  nodeReport(
    request: Versioned & { nodeId: string; epoch: number; events: SessionEvent[] },
  ): Promise<{ end: UnwantedSession[] }>;
}

export type OfferResult =
  | { readonly ok: true; readonly sdp: string }
  | { readonly ok: false; readonly body: FailedBody };

/** `socketUrl`: where the client's socket goes; absent, it is bridged by the session's object. */
export type SocketResult =
  | { readonly ok: true; readonly socketUrl?: string }
  | { readonly ok: false; readonly body: FailedBody };

/** `body` is the whole reply: a candidate's is always HTTP 200. */
export type CandidateResult = { readonly ok: true } | { readonly ok: false; readonly body: FailedBody };

/** What a developer's route, or a client through a route of ours, may ask of a session. */
export type SessionAction =
  | { readonly kind: "inputs"; readonly values: InputValues }
  | { readonly kind: "trigger_response" }
  | { readonly kind: "update_connection"; readonly connection: "closed" }
  /** The client's network has changed: an offer that restarts ICE. */
  | { readonly kind: "restart"; readonly sdp: string }
  | { readonly kind: "close" };

/** `unknown_connection`: there is no such session, or no longer. `sdp`: the answer to an offer. */
export type ControlResult =
  | { readonly ok: true; readonly sdp?: string }
  | { readonly ok: false; readonly error: ErrorCode; readonly message?: string };

/** What a client comes with: its place in line, the token it joins with and what that allows, and where it is. */
export type CallContent = Pick<AdmissionRequest, "ticket" | "token" | "near"> & {
  readonly timeLimitMs?: number;
  /** What its handler is told of the request. */
  readonly request?: RequestFacts | undefined;
};

/** And what it offers: its SDP. */
export type OfferContent = CallContent & { readonly sdp: string };

/** Or that its media comes over a WebSocket. `secret`: the session's own, for the client, on a strict edge. */
export type SocketContent = CallContent & { readonly transport: SocketTransport; readonly secret?: string };

/** Path under which a session's object takes the client's end of its media, with the `sid` in the query. */
export const BRIDGE_PATH = "/bridge";

export interface SessionApi {
  /** Repeated with the same `sid` it gives the same answer. */
  offer(request: Versioned & SessionName & OfferContent): Promise<OfferResult>;
  /**
   * Admission and placement for media over a WebSocket. The client id may be the session's `sid`, until it is known.
   * Repeated with the same `sid` it gives the same answer.
   */
  openSocket(request: Versioned & SessionName & SocketContent): Promise<SocketResult>;
  candidate(request: Versioned & { stream: string; clientId: string; check: CandidateCheck }): Promise<CandidateResult>;
  /** Repeated with the same `requestId` it takes effect once. */
  control(
    request: Versioned & {
      stream: string;
      clientId: string;
      /** The session that is meant; absent is whichever has the client id. */
      sid?: string | undefined;
      requestId: string;
      action: SessionAction;
    },
  ): Promise<ControlResult>;
  /**
   * A WebSocket: one over which the session's outputs come (worker/outputs/watch-protocol.ts), or, under
   * {@link BRIDGE_PATH} and NODE_MEDIA_PATH, the two ends of its media.
   */
  fetch(request: Request): Promise<Response>;
  /**
   * Outputs of the session on their way to whoever watches, or that no more will come.
   * @returns whether anybody watches: if not, the node need not report any more.
   */
  outputs(
    request: Versioned & SessionName & { outputs: Output[]; ended: boolean },
  ): Promise<{ readonly watched: boolean }>;
}

/** `sent` is false if the node certainly never saw the command. */
export type CommandResult =
  | { readonly ok: true; readonly sdp?: string; readonly outputs?: KeptOutputs; readonly socketUrl?: string }
  | { readonly ok: false; readonly error: string; readonly message?: string; readonly sent: boolean };

/** `first`: the token was not used before. `replaced`: it is of a run of the node that a newer one has taken over. */
export type TokenUse = "first" | "used" | "replaced";

export interface MediaNodeApi {
  fetch(request: Request): Promise<Response>;
  /** Takes a token of the node that the Worker has checked, once. */
  useToken(request: Versioned & { tokenId: string; forgetAtMs: number; epoch: number | null }): Promise<TokenUse>;
  /**
   * Hands a command to the node and waits for its reply, for `withinMs` or the usual deadline. Repeated with the same
   * command id it is sent once.
   */
  command(request: Versioned & { epoch: number; command: Command; withinMs?: number }): Promise<CommandResult>;
  /**
   * Tells the node to drain: it takes no more sessions and exits when the last one is over, or after `timeoutMs`. Null is
   * the node's own default. Resolves once the node has said that it does.
   */
  drain(request: Versioned & { timeoutMs: number | null }): Promise<CommandResult>;
}

export interface StreamLookup {
  readonly descriptor: StreamDescriptor | null;
  /** False while no node ever registered any stream. */
  readonly anyKnown: boolean;
}

/** A node as the Directory knows it. `lostMs`: since when it has been lost; null while it is there. */
export interface NodeListing {
  readonly nodeId: string;
  readonly version: string;
  readonly region: string | null;
  readonly lostMs: number | null;
}

export interface DirectoryApi {
  register(
    request: Versioned & {
      nodeId: string;
      version: string;
      region?: string | null | undefined;
      streams: StreamDescriptor[];
    },
  ): Promise<void>;
  nodeLost(request: Versioned & { nodeId: string }): Promise<void>;
  lookup(request: Versioned & { stream: string }): Promise<StreamLookup>;
  list(request: Versioned): Promise<StreamDescriptor[]>;
  nodes(request: Versioned): Promise<NodeListing[]>;
}

/** The telephone gateway: codes, and the minutes of calls. Every call of it may be repeated. */
export interface GatewayApi {
  /** @param request.digest of the key; null is the operators' token. */
  register(request: Versioned & { digest: string | null; target: GatewayTarget }): Promise<Registration>;
  /** @returns false if the code is none of the key's. */
  unregister(request: Versioned & { digest: string | null; code: string }): Promise<boolean | "unknown_key">;
  /** A caller has typed a code. */
  enter(request: Versioned & CodeAttempt): Promise<CodeResult>;
  /**
   * @returns how long the session of a call may last, in milliseconds; null where the call has no right to one. Without a `sid`
   * it waits for one.
   */
  session(request: Versioned & { callId: string; stream: string; sid: string | null }): Promise<number | null>;
  /** A call is over. */
  ended(request: Versioned & { callId: string } & CallEnd): Promise<void>;
  overview(request: Versioned): Promise<GatewayOverview>;
  /** @returns false where there are too many. */
  putKey(request: Versioned & { name: string; digest: string; secondsPerMonth: number }): Promise<boolean>;
  /** @returns false if there is none. */
  dropKey(request: Versioned & { name: string }): Promise<boolean>;
}
