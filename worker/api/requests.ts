/** What the edge's routes take in their bodies, as schemas for the API's description; the routes parse in FastRTC's own words. */
import * as v from "valibot";
import { IceCandidate } from "../../shared/candidate.ts";
import { ClientId, SessionId, Ticket } from "../../shared/ids.ts";
import { MAX_SDP_CHARS } from "../../shared/limits.ts";

const webrtc_id = v.pipe(
  ClientId,
  v.description("What the client calls the session. Any string that nobody else has: guessable ones get guessed."),
);
const sdp = v.pipe(v.string(), v.maxLength(MAX_SDP_CHARS), v.description("RTCPeerConnection.localDescription.sdp"));
const session_secret = v.optional(v.pipe(v.string(), v.description("On a strict edge: the session's own.")));

export const OfferRequest = v.variant("type", [
  v.pipe(
    v.object({
      type: v.literal("offer"),
      webrtc_id,
      sdp,
      ticket: v.optional(v.pipe(Ticket, v.description("A place in line, from an earlier refusal."))),
      token: v.optional(v.pipe(v.string(), v.description("A join token; or as Authorization: Bearer."))),
    }),
    v.title("Offer"),
    v.description("Begins a session. Answered with an SDP answer."),
  ),
  v.pipe(
    v.object({ type: v.literal("ice-candidate"), webrtc_id, candidate: IceCandidate }),
    v.title("Candidate"),
    v.description("A trickled ICE candidate; it may come before its offer. Answered with success."),
  ),
  v.pipe(
    v.object({
      type: v.literal("restart"),
      webrtc_id,
      sdp,
      sid: v.pipe(SessionId, v.description("The session's, from its `session` message.")),
      session_secret,
    }),
    v.title("Restart"),
    v.description("An offer with iceRestart: the session goes on over another network."),
  ),
]);

export const InputRequest = v.pipe(
  v.looseObject({
    webrtc_id: v.pipe(ClientId, v.description("What the client calls the session.")),
    inputs: v.optional(
      v.pipe(
        v.record(v.string(), v.unknown()),
        v.description(
          "Inputs by name; one that the stream does not declare is refused. Instead they may stand beside webrtc_id, as FastRTC's pages send them.",
        ),
      ),
    ),
    session_secret,
  }),
  v.description("Which inputs there are, GET /config says."),
);

export const ProviderForm = v.pipe(
  v.record(v.string(), v.string()),
  v.description("What a telephone provider says of a call: From, To, and what else it has."),
);
