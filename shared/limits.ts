/**
 * Named limits of everything that arrives from outside. Nothing in EdgeRTC is unbounded; what happens past a limit is
 * said beside it.
 */

/** Bytes of one `POST /webrtc/offer` body. Larger: 413 `body_too_large`. A Chromium audio offer is about 5 KB. */
export const MAX_OFFER_BODY_BYTES = 128 * 1024;

/** Characters of an SDP. Larger: `invalid_sdp`. */
export const MAX_SDP_CHARS = 64 * 1024;

/** `m=` lines of an SDP. More: `invalid_sdp`. A browser sends at most three here (audio, video, data). */
export const MAX_SDP_MEDIA_SECTIONS = 8;

/** Characters of one ICE candidate line. Longer: `invalid_candidate_format`. */
export const MAX_CANDIDATE_CHARS = 512;

/** Candidates kept for a session whose offer has not come yet. Past it the newest are dropped. */
export const MAX_EARLY_CANDIDATES = 32;

/** Candidates taken for one connection of a session. Past it: `too_many_candidates`. */
export const MAX_CANDIDATES = 128;

/** Characters of a client id (`webrtc_id`). FastRTC's clients send 5 to 13. */
export const MAX_CLIENT_ID_CHARS = 128;

/** Streams of one media node. */
export const MAX_STREAMS_PER_NODE = 256;

/** Characters of one node link message (the platform takes 32 MiB; a snapshot of 10,000 sessions is about 2 MB). */
export const MAX_LINK_MESSAGE_CHARS = 4 * 1024 * 1024;

/** Tickets that a stream's queue may have at most. Past its own limit a caller is refused as without a queue. */
export const MAX_QUEUE_LENGTH = 1_000;

/** What a queue's `ticketTtlMs` may be: long enough to ask twice, short enough that nobody waits for who has left. */
export const MIN_TICKET_TTL_MS = 5_000;
export const MAX_TICKET_TTL_MS = 600_000;

/** Characters of one data channel message from a client. Longer ones are dropped with an `error` message. */
export const MAX_CHANNEL_MESSAGE_CHARS = 32 * 1024;

/** Inputs one stream may declare. */
export const MAX_INPUTS = 32;

/** Outputs one stream may declare. */
export const MAX_OUTPUTS = 32;

/** Characters of a session's declared outputs as JSON, together. Past it the new values are not taken: `output_too_large`. */
export const MAX_SHOWN_CHARS = 1024 * 1024;

/** Characters of the page's icon: of a picture as a data URL. It is in every descriptor. */
export const MAX_ICON_CHARS = 16 * 1024;

/** Stop words that the page tells, and characters of each: others work as well, and are not told. */
export const MAX_SHOWN_STOP_WORDS = 8;
export const MAX_STOP_WORD_CHARS = 60;

/** Bytes of a stream's file inputs together: what its `maxBytes` add up to. More: a TypeError when the stream file is loaded. */
export const MAX_INPUT_FILE_BYTES = 1024 * 1024;

/** Characters of a file's name and type. Longer: 422. */
export const MAX_FILE_NAME_CHARS = 255;

/** Bytes of one `POST /input_hook` body. Larger: 413 `body_too_large`. A long conversation of a FastRTC page is about 50 KB. */
export const MAX_INPUT_BODY_BYTES = 256 * 1024;

/** Characters of one text input. Longer: 422. */
export const MAX_INPUT_CHARS = 32 * 1024;

/** Options of one choice. */
export const MAX_INPUT_OPTIONS = 200;

/** Lines of one conversation that a client sends as an input. More: 422. */
export const MAX_INPUT_MESSAGES = 500;

/** Characters of one AdditionalOutputs as JSON. Larger ones are dropped, with an `error` message. A few seconds of audio fit. */
export const MAX_OUTPUT_CHARS = 512 * 1024;

/**
 * Texts of a data channel that either side keeps, in case that its connection has to be replaced before they have arrived. Past it,
 * and past so many characters of them, the oldest are forgotten.
 */
export const MAX_KEPT_TEXTS = 128;
export const MAX_KEPT_TEXT_CHARS = 128 * 1024;

/** Outputs a node keeps per session for who comes later or comes back. Past it the oldest are dropped. */
export const MAX_KEPT_OUTPUTS = 256;

/** Characters of the outputs kept per session, together. Past it the oldest are dropped. */
export const MAX_KEPT_OUTPUT_CHARS = 1024 * 1024;

/** Clients that may watch one session's outputs at once. More: `too_many_watchers`. */
export const MAX_OUTPUT_WATCHERS = 16;

/** Longest that a join token may be valid for: it lets somebody begin a call, it is no session. Longer: `token_invalid`. */
export const MAX_JOIN_TOKEN_LIFETIME_MS = 60 * 60_000;

/** Characters of the secret that signs join tokens: 256 bits in hexadecimal have twice as many. Shorter: `tokens_disabled`. */
export const MIN_TOKEN_SECRET_CHARS = 32;

/**
 * Messages of a client on its data channel: a second, and at once. Past it they are dropped, with one `error` message. What
 * people and pages send is a few.
 */
export const MAX_CHANNEL_MESSAGES_PER_SECOND = 50;
export const MAX_CHANNEL_MESSAGE_BURST = 200;

/**
 * Messages of a media node on its link: a second, and at once. Past it the link is closed: the node redials, with a snapshot.
 * A node that answers a thousand offers a second with ten candidates each sends 11,000.
 */
export const MAX_LINK_MESSAGES_PER_SECOND = 20_000;
export const MAX_LINK_MESSAGE_BURST = 40_000;

/** Headers of the offer that a stream may ask for. More: a TypeError when the stream file is loaded. */
export const MAX_REQUEST_HEADERS = 16;

/** Characters of one such header. A longer one is left out. */
export const MAX_REQUEST_HEADER_CHARS = 4_096;

/** Bytes of a telephone provider's request for a call's instructions. Larger: 413 `body_too_large`. They send about one kilobyte. */
export const MAX_TELEPHONE_BODY_BYTES = 64 * 1024;

/** Bytes of one message on a session's own WebSocket. Larger: it is closed with 1009. A minute of µ-law at 8 kHz, in base64, is 640 KB. */
export const MAX_SOCKET_MESSAGE_BYTES = 1024 * 1024;

/** What waits to be sent on a session's WebSocket. Past it its client is gone: ten seconds and more of audio. */
export const MAX_SOCKET_BACKLOG_BYTES = 1024 * 1024;

/** Audio that a client may send ahead of the time it takes to be heard. Past it what comes is dropped, with one `error` message. */
export const MAX_SOCKET_AUDIO_AHEAD_MS = 60_000;

/** Messages of a client on its session's WebSocket, audio included: a second, and at once. Past it they are dropped. */
export const MAX_SOCKET_MESSAGES_PER_SECOND = 500;
export const MAX_SOCKET_MESSAGE_BURST = 2_000;

/** How often a client of the audio WebSocket that speaks the extension says `ping`: it is known to be there while it is silent. */
export const SOCKET_PING_INTERVAL_MS = 5_000;
