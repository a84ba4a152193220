/**
 * The error catalogue: every error a client, a developer or an operator can meet, as data.
 *
 * Clients of the offer endpoint always get FastRTC's shape, `{"status":"failed","meta":{"error":<code>, …}}`, so that
 * its front ends understand; `message`, `fix` and `retryable` are beside it for people.
 */

/** One entry of the catalogue. */
export interface ErrorEntry {
  /** HTTP status on routes of ours. The offer route answers FastRTC's business refusals with 200, as FastRTC does. */
  readonly status: number;
  /** Whether the same request may succeed a moment later. */
  readonly retryable: boolean;
  /** What happened, as a sentence for the person in front of the page. */
  readonly what: string;
  /** Why it happens. */
  readonly why: string;
  /** What the reader can do about it. */
  readonly fix: string;
}

const entry = (status: number, retryable: boolean, what: string, why: string, fix: string): ErrorEntry => ({
  status,
  retryable,
  what,
  why,
  fix,
});

export const ERRORS = {
  // FastRTC's own codes, identical on the wire.
  unknown_connection: entry(
    200,
    true,
    "No such connection.",
    "The candidate names a session the edge does not know yet, or no longer.",
    "Nothing, before the offer: the candidate is kept for it. After the call ended, make a new one.",
  ),
  invalid_candidate_format: entry(
    200,
    false,
    "The ICE candidate is malformed.",
    "It does not start with `candidate:` or has fewer than ten fields.",
    "Send RTCIceCandidate.toJSON() as the browser gives it.",
  ),
  connection_closed: entry(
    200,
    false,
    "The connection is closed.",
    "The session behind this id has ended.",
    "Make a new call.",
  ),
  connection_already_exists: entry(
    200,
    false,
    "A call with this id is already running.",
    "Two offers used the same webrtc_id.",
    "Use a fresh random webrtc_id for each call.",
  ),
  concurrency_limit_reached: entry(
    200,
    true,
    "All lines are busy.",
    "The stream's concurrencyLimit is in use.",
    "Try again shortly, or raise concurrencyLimit on the stream.",
  ),
  // The edge's own.
  unknown_ticket: entry(
    404,
    false,
    "There is no such place in line.",
    "The ticket was used, given up, not asked about for too long, or not used when it was called.",
    "Make an offer without a ticket: it gets a new one where there is still a line.",
  ),
  no_media_node: entry(
    503,
    true,
    "No media node is available.",
    "No media node that serves this stream is connected and ready.",
    "Start one: `npx edgertc node streams.ts`; see its log for why it cannot reach the edge.",
  ),
  capacity_reached: entry(
    503,
    true,
    "All media nodes are full.",
    "Every node that serves this stream is at its capacity.",
    "Try again shortly, or start another media node.",
  ),
  unknown_stream: entry(
    404,
    false,
    "There is no such stream.",
    "No media node has registered a stream of this name.",
    "GET /streams lists the names; a stream's path is its export name in the stream file.",
  ),
  edge_timeout: entry(
    504,
    true,
    "The media node did not answer in time.",
    "The node took the offer but sent no answer within the deadline.",
    "Try again; if it repeats, look at the node's log and load.",
  ),
  edge_restarting: entry(
    503,
    true,
    "The edge is restarting.",
    "The object that held this request was reset, by a deploy or a fault.",
    "Try again: calls that are running go on.",
  ),
  node_unreachable: entry(
    503,
    true,
    "The media node cannot be reached.",
    "Its link to the edge is down at the moment.",
    "Try again: another node takes over within seconds.",
  ),
  node_full: entry(
    503,
    true,
    "The media node is full.",
    "The node refused the session; the edge had no other.",
    "Try again shortly, or start another media node.",
  ),
  invalid_sdp: entry(
    400,
    false,
    "The SDP offer cannot be used.",
    "It is missing, too large, not SDP, or has no media section this stream can use.",
    "Send RTCPeerConnection.localDescription.sdp of an offer with an audio section or a data channel.",
  ),
  unsupported_track_kind: entry(
    400,
    false,
    "The offer has a track the stream does not take.",
    "The track's kind is not part of the stream's modality.",
    "Send only tracks of the stream's modality, or set allowExtraTracks on the stream.",
  ),
  no_common_codec: entry(
    400,
    false,
    "No common codec.",
    "The offer's audio section has no Opus, or its video section no VP8.",
    "Offer Opus and VP8: every WebRTC browser does by default.",
  ),
  invalid_offer_type: entry(
    400,
    false,
    "The request type is unknown.",
    "`type` must be `offer` or `ice-candidate`.",
    "Send one of the two.",
  ),
  too_many_candidates: entry(
    200,
    false,
    "Too many ICE candidates.",
    "A session takes a bounded number of candidates.",
    "Send each gathered candidate once.",
  ),
  body_too_large: entry(
    413,
    false,
    "The request body is too large.",
    "An offer is a few kilobytes; the limit is far above that.",
    "Send the SDP and nothing else.",
  ),
  not_a_reply_on_pause: entry(
    409,
    false,
    "The stream's handler cannot be told to answer.",
    "Only handlers that take turns, such as ReplyOnPause, answer when they are triggered.",
    "Use ReplyOnPause, or give the handler a triggerResponse method.",
  ),
  too_many_watchers: entry(
    429,
    true,
    "Too many clients watch this session's outputs.",
    "A session's outputs go to a bounded number of event streams.",
    "Close one: a page needs a single EventSource.",
  ),
  no_output: entry(
    504,
    true,
    "No output came in time.",
    "The handler has yielded no AdditionalOutputs meanwhile.",
    "Ask again with a longer timeoutMs, or read outputs(), which go on until the session ends.",
  ),
  method_not_allowed: entry(
    405,
    false,
    "Method Not Allowed",
    "The route takes another method.",
    "See the Allow header.",
  ),
  not_found: entry(
    404,
    false,
    "There is no such route.",
    "The path is none of the edge's.",
    "GET /streams lists the streams.",
  ),
  internal: entry(
    500,
    true,
    "Something failed inside.",
    "A fault in EdgeRTC or in the handler; the log has the cause.",
    "Try again; report it with the log lines if it repeats.",
  ),
  session_connected: entry(
    409,
    false,
    "The call is connected.",
    "Only a session that has not come up can be given up; a call ends when its client closes the connection.",
    "Hang up, or end it from a route of your own: docs/custom-routes.md.",
  ),
  // Media over a WebSocket.
  websocket_required: entry(
    426,
    false,
    "This is a WebSocket.",
    "The request does not ask for the protocol to be upgraded.",
    "Open it with `new WebSocket(…)`; a proxy in between must pass upgrades on.",
  ),
  websocket_not_supported: entry(
    400,
    false,
    "The stream has no WebSocket.",
    "A WebSocket carries audio; the stream's modality has video.",
    "Call it over WebRTC: POST …/webrtc/offer.",
  ),
  socket_message_invalid: entry(
    400,
    false,
    "The message is not understood.",
    "It is not JSON with an `event`, or the event lacks what belongs to it, or it is binary where that was not agreed on.",
    "docs/websocket.md has the messages. The first is `start`, with a `websocket_id`.",
  ),
  socket_audio_dropped: entry(
    429,
    false,
    "Audio was dropped.",
    "It comes much faster than it was spoken.",
    "Send it at the rate at which it is to be heard.",
  ),
  // TURN.
  turn_not_configured: entry(
    404,
    false,
    "This edge has no TURN server.",
    "Neither EDGERTC_TURN nor createApp's turn option nor the stream's rtcConfiguration names one.",
    "Go on without: most networks need none. The operator can set EDGERTC_TURN, see docs/turn.md.",
  ),
  turn_misconfigured: entry(
    500,
    false,
    "The edge's TURN configuration is incomplete.",
    "EDGERTC_TURN names a provider whose variables are missing or malformed.",
    "Set them: docs/turn.md lists which.",
  ),
  turn_refused: entry(
    502,
    false,
    "The TURN provider refused the edge.",
    "The key, token or account given to the edge is wrong, suspended or not allowed to make credentials.",
    "Check the provider's variables and account: docs/turn.md lists them.",
  ),
  turn_unavailable: entry(
    503,
    true,
    "The TURN provider gave no credentials.",
    "It did not answer in time, failed, or answered something that is no list of ICE servers.",
    "Try again; if it repeats, look at the edge's log and the provider's status page.",
  ),
  rate_limited: entry(
    429,
    true,
    "Too many requests.",
    "This address has asked more often than a client needs to.",
    "Wait for as long as Retry-After says.",
  ),
  // Who may call.
  token_required: entry(
    401,
    false,
    "This call needs a token.",
    "The stream, or the whole edge, takes calls only from those whom the application has given a token.",
    "Have the application's backend mint one (edgertc/tokens) and send it with the offer, as `token` or as a bearer token.",
  ),
  token_invalid: entry(
    401,
    false,
    "The token is not valid for this call.",
    "It was signed with another secret, is for another stream or client id, or is no join token.",
    "Mint it with the edge's EDGERTC_TOKEN_SECRET, for the stream that is called.",
  ),
  token_expired: entry(
    401,
    false,
    "The token has expired.",
    "A token is for a call that begins at once.",
    "Get a new one right before each call. If new ones are refused, too, compare the clocks.",
  ),
  token_used: entry(
    409,
    false,
    "The token has been used.",
    "Each token is good for one call.",
    "Get a new one for each call.",
  ),
  tokens_disabled: entry(
    503,
    false,
    "This edge cannot check tokens.",
    "Calls need a token here, but the Worker has no EDGERTC_TOKEN_SECRET, or one that is too short.",
    "Set EDGERTC_TOKEN_SECRET to at least 32 random characters, on the Worker and on the backend that mints tokens.",
  ),
  session_secret_required: entry(
    401,
    false,
    "This needs the session's own secret.",
    "The edge is strict: whoever knows or guesses a client id must not get at its session.",
    "Send the `session_secret` that came with the answer, as a bearer token or under that name.",
  ),
  origin_not_allowed: entry(
    403,
    false,
    "Pages of this origin may not call here.",
    "The edge has a list of origins, and this one is not on it.",
    "Add the page's origin to EDGERTC_ALLOWED_ORIGINS.",
  ),
  // Telephone.
  telephone_off: entry(
    404,
    false,
    "This edge takes no telephone calls.",
    "EDGERTC_TELEPHONE is `off`.",
    "Set it to `open`, or take it out and set the provider's secret: docs/telephone.md.",
  ),
  telephone_unsigned: entry(
    403,
    false,
    "This request is not the telephone provider's.",
    "It has no signature, or one that was made with another secret, for another address, or too long ago.",
    "Give the edge the account's secret (docs/telephone.md), and the provider the address that the edge is reached at.",
  ),
  telephone_ticket_invalid: entry(
    403,
    false,
    "This is no call that was connected here.",
    "A call's media comes with a ticket from the call's instructions, within two minutes and once.",
    "Let the provider ask for new instructions: POST /telephone/incoming.",
  ),
  telephone_not_configured: entry(
    503,
    false,
    "This edge cannot make telephone calls.",
    "The provider's account, its key, or the number to call from is not set on the Worker.",
    "Set them: docs/telephone.md lists which.",
  ),
  telephone_refused: entry(
    502,
    false,
    "The telephone provider refused.",
    "The account, its key, or a number is wrong or not allowed to do this.",
    "See the message for the provider's own words.",
  ),
  telephone_unavailable: entry(
    503,
    true,
    "The telephone provider did not answer.",
    "It cannot be reached, took too long, or failed.",
    "Try again; see the provider's status page if it repeats.",
  ),
  // Between node and edge.
  node_unauthorized: entry(
    401,
    false,
    "The media node's secret is wrong.",
    "EDGERTC_NODE_SECRET of node and edge differ.",
    "Give both the same secret.",
  ),
  node_token_used: entry(
    401,
    true,
    "This request of a media node has been made before.",
    "Each token of a node is good for one request.",
    "The node dials again with a new one by itself. If it goes on, somebody repeats what they have overheard: use https.",
  ),
  node_clock_off: entry(
    401,
    true,
    "The media node's clock differs from the edge's by more than half a minute.",
    "A node's requests are signed for a moment, so that they cannot be repeated later.",
    "The node goes by the edge's time from now on; set its clock right all the same.",
  ),
  node_secret_missing: entry(
    503,
    false,
    "The edge has no node secret.",
    "EDGERTC_NODE_SECRET is not set on the Worker.",
    "Set it: `npx wrangler secret put EDGERTC_NODE_SECRET`.",
  ),
  protocol_mismatch: entry(
    426,
    false,
    "Node and edge speak different protocol versions.",
    "One of them is more than one release older.",
    "Update the older one.",
  ),
  node_replaced: entry(
    409,
    false,
    "Another media node took this name.",
    "Two nodes dialled the edge with the same node id.",
    "Give each node its own --id.",
  ),
  // Operators.
  admin_disabled: entry(
    503,
    false,
    "The operators' API is off.",
    "EDGERTC_ADMIN_TOKEN is not set on the Worker, or is shorter than 16 characters.",
    "Set it: `npx wrangler secret put EDGERTC_ADMIN_TOKEN`, 32 random characters or more.",
  ),
  admin_unauthorized: entry(
    401,
    false,
    "The token is wrong.",
    "The request does not carry the edge's EDGERTC_ADMIN_TOKEN as `Authorization: Bearer …`.",
    "Give the token that the Worker has. `npx edgertc dev` prints an address with its own.",
  ),
  invalid_request: entry(
    422,
    false,
    "The request's body or query cannot be used.",
    "It is not JSON, lacks a field, or a value is out of bounds.",
    "See docs/operators.md for what each route takes.",
  ),
  unknown_node: entry(
    404,
    false,
    "There is no such media node.",
    "No node of this name has been here within the last week.",
    "GET /admin/api/overview lists the names.",
  ),
  unknown_session: entry(
    404,
    false,
    "There is no such session.",
    "It has ended a while ago, was replaced by a newer one, or never was.",
    "GET /admin/api/streams/<stream>/sessions lists those that run.",
  ),
  session_starting: entry(
    409,
    true,
    "The session is just starting.",
    "It has its slot, and its offer is still on the way to the node.",
    "Try again in a moment.",
  ),
  // In a session, sent on the data channel.
  handler_failed: entry(
    500,
    true,
    "The handler failed.",
    "The stream's code threw; the session goes on.",
    "See the node's log for the stack.",
  ),
  handler_timeout: entry(
    504,
    true,
    "The handler took too long.",
    "The stream's code gave nothing for longer than its replyTimeoutMs, or frameTimeoutMs for video; the session goes on.",
    "Pass the signal to what it waits for, give that a timeout of its own, or raise the limit.",
  ),
  handler_stopped: entry(
    500,
    true,
    "The handler crashed.",
    "The stream's video code, or something native that it uses, ended its thread or process; it is started anew, the session goes on.",
    "See the node's log for the cause. What the code kept in memory is gone; what it kept in files or services is not.",
  ),
  chunks_dropped: entry(
    503,
    true,
    "Audio was skipped.",
    "The stream's function takes longer for a chunk than the chunk is, so the oldest that wait are dropped.",
    "Make the function faster, or its chunks longer with streamEvery.",
  ),
  message_too_large: entry(
    413,
    false,
    "The message is too large.",
    "Data channel messages are bounded.",
    "Send less per message.",
  ),
  too_many_messages: entry(
    429,
    true,
    "Too many messages.",
    "A call's data channel takes a bounded number of messages a second; those past it are dropped.",
    "Send less often: the handler reads the latest anyway.",
  ),
  output_too_large: entry(
    413,
    false,
    "An additional output is too large.",
    "Outputs are bounded, as they are kept for clients that come back.",
    "Yield less per AdditionalOutputs, or a URL in place of the data.",
  ),
  invalid_inputs: entry(
    422,
    false,
    "The inputs are not what the stream declares.",
    "A value has another type, or lies outside its bounds.",
    "GET /config has the declaration.",
  ),
  not_connected: entry(
    409,
    true,
    "The call is not connected yet.",
    "The stream's handler starts when the client has opened its data channel.",
    "Try again once the call is connected.",
  ),
  // Models.
  model_unknown: entry(
    404,
    false,
    "There is no such model.",
    "The name is not in the model catalogue.",
    "`npx edgertc models list` shows the names.",
  ),
  model_unavailable: entry(
    503,
    true,
    "The model cannot be fetched.",
    "None of its sources could be reached and it is not in the cache.",
    "Connect to the internet once and run `npx edgertc models pull`.",
  ),
  model_corrupt: entry(
    500,
    false,
    "The model's bytes are wrong.",
    "The download does not have the expected sha256.",
    "Run `npx edgertc models pull` again; if it repeats, report the source.",
  ),
  // Speech.
  stt_overloaded: entry(
    503,
    true,
    "Too much speech is waiting to be transcribed.",
    "Turns end faster than this machine transcribes them.",
    "Try again shortly, lower the stream's concurrencyLimit, or start another media node.",
  ),
  tts_overloaded: entry(
    503,
    true,
    "Too much text is waiting to be spoken.",
    "Replies come faster than this machine speaks them.",
    "Try again shortly, lower the stream's concurrencyLimit, or start another media node.",
  ),
  vad_overloaded: entry(
    503,
    true,
    "Too much audio is waiting to be searched for speech.",
    "This machine is too slow for the sessions it has.",
    "Lower the stream's concurrencyLimit, or start another media node.",
  ),
  end_of_turn_overloaded: entry(
    503,
    true,
    "Too many turns are waiting to be judged whether they are over.",
    "This machine is too slow for the sessions it has; silence alone ends their turns.",
    "Lower the stream's concurrencyLimit, or start another media node.",
  ),
  voice_unknown: entry(
    400,
    false,
    "There is no such voice.",
    "The name is none of the model's voices.",
    "docs/models.md lists the voices of each model.",
  ),
  invalid_audio: entry(
    400,
    false,
    "The audio cannot be used.",
    "Its sample rate, its channels or its samples are not those of an AudioFrame.",
    "Give { sampleRate, samples } with Int16Array or Float32Array samples, two channels interleaved.",
  ),
  language_unknown: entry(
    400,
    false,
    "The model does not speak this language here.",
    "Kokoro's other languages need a way from text to phonemes that is not part of EdgeRTC.",
    "Use en-us or en-gb, or give the model phonemes of your own: see docs/models.md.",
  ),
  speech_timeout: entry(
    504,
    true,
    "The speech engine took too long.",
    "A single piece of work ran far longer than it ever should: the machine is overloaded, or the engine is stuck.",
    "Try again: the engine is replaced. If it repeats, look at the machine's load, and lower concurrencyLimit.",
  ),
  // Models of others, over the network.
  remote_model_refused: entry(
    502,
    false,
    "The model's provider refused the request.",
    "The key is wrong, the model or voice does not exist there, or the request is not what the provider takes.",
    "Check the model's name, the key and the options; the node's log has the provider's own words.",
  ),
  remote_model_failed: entry(
    502,
    true,
    "The model's provider failed.",
    "It could not be reached, is overloaded, limits the rate of requests, or answered something that is no result.",
    "Try again; the node's log has the provider's own words.",
  ),
  remote_model_timeout: entry(
    504,
    true,
    "The model's provider took too long.",
    "It did not answer, or did not go on answering, within the model's timeoutMs.",
    "Try again, or raise timeoutMs on the model.",
  ),
  speech_stopped: entry(
    503,
    true,
    "The speech engine stopped.",
    "Its thread was closed, or crashed in the middle of the work.",
    "Try again: it is started anew when next used; the node's log has the cause.",
  ),
  video_codec_failed: entry(
    500,
    true,
    "The video codec failed.",
    "It could not be started, or failed at a picture.",
    "Nothing: the picture is lost, the codec is started anew for the next one. The node's log has the cause.",
  ),
  video_too_large: entry(
    413,
    false,
    "The picture is too large.",
    "It has more pixels than 1920×1088.",
    "Send a smaller one: the stream's trackConstraints say what a camera is asked for.",
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** True for a string that names an entry of the catalogue. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** FastRTC's failure body, with our explanation beside the code. */
export interface FailedBody {
  readonly status: "failed";
  readonly meta: {
    readonly error: string;
    readonly limit?: number;
    /** A place in line, on a stream with a queue: to be sent with the next offer. */
    readonly ticket?: string;
    /** 1 is next. */
    readonly position?: number;
    /** Null where nothing is known to go by. */
    readonly estimatedWaitMs?: number | null;
    /** When to ask how the ticket stands. */
    readonly retryAfterMs?: number;
    readonly message?: string;
    readonly fix?: string;
    readonly retryable?: boolean;
  };
}

/**
 * A refusal in FastRTC's own words: its keys and nothing else, so that it is the same to the byte.
 * @param error a code or, as FastRTC does for malformed candidates, a raw sentence.
 */
export function fastRtcRefusal(error: string, limit?: number): FailedBody {
  return { status: "failed", meta: limit === undefined ? { error } : { error, limit } };
}

/** A caller's place in line, as clients see it. */
export type QueuePlace = Required<Pick<FailedBody["meta"], "ticket" | "position" | "estimatedWaitMs" | "retryAfterMs">>;

/** A refusal with a place in line beside it. */
export function withPlace({ status, meta }: FailedBody, place: QueuePlace | undefined): FailedBody {
  if (place === undefined) return { status, meta };
  const { ticket, position, estimatedWaitMs, retryAfterMs } = place;
  return { status, meta: { ...meta, ticket, position, estimatedWaitMs, retryAfterMs } };
}

/**
 * A refusal of EdgeRTC's own, in FastRTC's shape, that explains itself.
 * @param message replaces the catalogue's sentence where the cause is known more exactly.
 */
export function failedBody(code: ErrorCode, message?: string): FailedBody {
  const { what, fix, retryable } = ERRORS[code];
  return { status: "failed", meta: { error: code, message: message ?? what, fix, retryable } };
}

/** An error that carries its catalogue code through exceptions. */
export class EdgeRtcError extends Error {
  override readonly name = "EdgeRtcError";
  readonly code: ErrorCode;

  /** @param message replaces the catalogue's sentence; the fix is appended to it. */
  constructor(code: ErrorCode, message?: string, options?: ErrorOptions) {
    super(`${message ?? ERRORS[code].what} ${ERRORS[code].fix}`, options);
    this.code = code;
  }
}
