/** Who may call, and how often. */
import { type ErrorEntry, entry } from "./entry.ts";

export const ACCESS_ERRORS = {
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
} as const satisfies Record<string, ErrorEntry>;
