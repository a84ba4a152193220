/** What can go wrong with a call, as one error type with a code, a sentence for people and what to do about it. */
import type { ErrorCode, QueuePlace } from "../shared/errors.ts";
import type { EndReason } from "../shared/session.ts";

interface ClientErrorEntry {
  readonly what: string;
  readonly fix: string;
  readonly retryable: boolean;
}

const entry = (what: string, fix: string, retryable = true): ClientErrorEntry => ({ what, fix, retryable });

/** Errors that only a browser can meet; those of edge and node explain themselves. */
const CLIENT_ERRORS = {
  insecure_context: entry(
    "The browser gives neither microphone nor camera to this page.",
    "Open the page over https, or on http://localhost.",
    false,
  ),
  microphone_denied: entry(
    "The microphone is blocked.",
    "Allow the microphone for this page in the browser's address bar, then try again.",
  ),
  microphone_missing: entry("No microphone was found.", "Connect a microphone or choose another one, then try again."),
  microphone_in_use: entry(
    "The microphone cannot be opened.",
    "Another application may be using it: close that one, then try again.",
  ),
  microphone_lost: entry("The microphone was disconnected.", "Connect it again or choose another one."),
  camera_denied: entry(
    "The camera is blocked.",
    "Allow the camera for this page in the browser's address bar, then try again.",
  ),
  camera_missing: entry("No camera was found.", "Connect a camera or choose another one, then try again."),
  camera_in_use: entry(
    "The camera cannot be opened.",
    "Another application may be using it: close that one, then try again.",
  ),
  camera_lost: entry("The camera was disconnected.", "Connect it again or choose another one."),
  webrtc_unsupported: entry("This browser cannot make calls.", "Use a current browser with WebRTC.", false),
  edge_unreachable: entry("The server cannot be reached.", "Check the connection, then try again."),
  invalid_reply: entry("The server's answer was not understood.", "Check that the address is that of an EdgeRTC edge."),
  connect_timeout: entry(
    "The call could not be connected.",
    "A firewall or VPN may block UDP: try another network, or set up TURN on the server.",
  ),
  connection_lost: entry("The connection was lost.", "Check the network, then call again."),
  autoplay_blocked: entry("The browser blocks sound.", "Click to hear the call."),
  already_started: entry("This call was already started.", "Create a new call for each conversation.", false),
  call_ended: entry("The call ended before it was connected.", "Call again."),
  not_connected: entry("The call is not connected.", "Wait for the state `connected` before sending."),
} as const satisfies Record<string, ClientErrorEntry>;

/**
 * Those of the shared catalogue that a client can meet without the server's own words, in the catalogue's: refusals are
 * explained by the edge, and the whole catalogue would be a third of what a page has to load.
 */
const SERVER_ERRORS = {
  concurrency_limit_reached: entry(
    "All lines are busy.",
    "Try again shortly, or raise concurrencyLimit on the stream.",
  ),
  connection_already_exists: entry(
    "A call with this id is already running.",
    "Use a fresh random webrtc_id for each call.",
    false,
  ),
  no_media_node: entry(
    "No media node is available.",
    "Start one: `npx edgertc node streams.ts`; see its log for why it cannot reach the edge.",
  ),
  internal: entry("Something failed inside.", "Try again; report it with the log lines if it repeats."),
  handler_failed: entry("The handler failed.", "See the node's log for the stack."),
  message_too_large: entry("The message is too large.", "Send less per message.", false),
} as const satisfies Partial<Record<ErrorCode, ClientErrorEntry>>;

/** Ends of a session that the person did not ask for and should hear about. The others are ordinary ends. */
const LOST_SESSIONS: Partial<Record<EndReason, ClientErrorEntry>> = {
  peer_lost: CLIENT_ERRORS.connection_lost,
  never_connected: CLIENT_ERRORS.connect_timeout,
  failed: CLIENT_ERRORS.connection_lost,
  offer_failed: entry("The media node could not take the call.", "Call again."),
  node_lost: entry("The media node was lost.", "Call again: another media node takes over."),
  shard_lost: entry("The media process of this call stopped.", "Call again; the media node's log has the cause."),
  edge_lost: entry("The media node lost its connection to the edge.", "Call again in a moment."),
};

const OWN_ENTRIES = new Map<string, ClientErrorEntry>(
  Object.entries({ ...SERVER_ERRORS, ...LOST_SESSIONS, ...CLIENT_ERRORS }),
);

/** A code of the client, of the shared catalogue, or the reason a session was lost for. */
export type CallErrorCode = keyof typeof CLIENT_ERRORS | ErrorCode | EndReason;

/** An error of a call. `message` says what happened, `fix` what the reader can do about it. */
export class CallError extends Error {
  override readonly name = "CallError";
  /** A {@link CallErrorCode}, or one that a newer server sent. */
  readonly code: CallErrorCode | (string & Record<never, never>);
  readonly fix: string;
  /** Whether the same call may succeed a moment later. */
  readonly retryable: boolean;
  /** With `concurrency_limit_reached`: how many calls the stream takes at once. */
  readonly limit: number | undefined;
  /** With `concurrency_limit_reached`, where the stream has a queue: the place in line that the edge has given. */
  readonly place: QueuePlace | undefined;

  constructor(code: string, details: CallErrorDetails = {}) {
    const known = lookUp(code);
    super(details.message ?? known.what, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.fix = details.fix ?? known.fix;
    this.retryable = details.retryable ?? known.retryable;
    this.limit = details.limit;
    this.place = details.place;
  }
}

/** Each replaces the catalogue's own words where the cause is known more exactly. */
export interface CallErrorDetails {
  readonly message?: string | undefined;
  readonly fix?: string | undefined;
  readonly retryable?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly place?: QueuePlace | undefined;
  readonly cause?: unknown;
}

/** The error of a session that was lost, or null where the reason is an ordinary end. */
export function errorOfEnd(reason: EndReason): CallError | null {
  return Object.hasOwn(LOST_SESSIONS, reason) ? new CallError(reason) : null;
}

/** Anything thrown, as a {@link CallError}. */
export function toCallError(error: unknown): CallError {
  return error instanceof CallError ? error : new CallError("internal", { message: String(error), cause: error });
}

function lookUp(code: string): ClientErrorEntry {
  return OWN_ENTRIES.get(code) ?? entry(`The call was refused: ${code}.`, "Try again; the server's log has the cause.");
}
