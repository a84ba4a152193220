/** The routes of telephone providers, operators and media nodes. */
import {
  CallReply,
  CallRequest,
  DrainRequest,
  LimitRequest,
  MAX_SESSIONS_PER_PAGE,
  Overview,
  RedirectRequest,
  SessionDetail,
  SessionPage,
} from "../../shared/admin.ts";
import { NodeIceServersReply } from "../../shared/turn.ts";
import type { Operation, Parameter } from "./operation.ts";
import { Draining, Ended, Ending, LimitReply } from "./replies.ts";
import { ProviderForm } from "./requests.ts";

const CALL_TICKET: Parameter = {
  name: "ticket",
  in: "path",
  description: "What the call's instructions had behind the path.",
  required: true,
};

const CALL_SOCKET = {
  method: "GET",
  perStream: true,
  tag: "Telephone",
  summary: "A call's media, as a WebSocket",
  description: "The provider's own messages, both ways: see /asyncapi.json.",
  replies: { 101: { description: "The socket is open." } },
  errors: [
    "websocket_required",
    "telephone_off",
    "telephone_ticket_invalid",
    "unknown_stream",
    "no_media_node",
    "websocket_not_supported",
    "token_required",
    "rate_limited",
  ],
} as const satisfies Partial<Operation>;

export const TELEPHONE_OPERATIONS: readonly Operation[] = [
  {
    id: "incomingCall",
    method: "POST",
    path: "/telephone/incoming",
    perStream: true,
    tag: "Telephone",
    summary: "Instructions for a call that comes in",
    description:
      "For the webhook of a number at Twilio, Telnyx or Plivo. Signed requests only, where a provider's secret is configured.",
    parameters: [
      { name: "provider", in: "query", description: "twilio, telnyx or plivo, where the request is not signed." },
    ],
    body: {
      description: "The provider's form: From, To and what else it says.",
      mediaType: "application/x-www-form-urlencoded",
      schema: ProviderForm,
    },
    replies: { 200: { description: "TwiML, TeXML or Plivo XML.", mediaType: "application/xml" } },
    errors: [
      "telephone_off",
      "telephone_unsigned",
      "unknown_stream",
      "token_required",
      "body_too_large",
      "rate_limited",
    ],
  },
  { ...CALL_SOCKET, id: "callSocket", path: "/telephone/handler" },
  { ...CALL_SOCKET, id: "signedCallSocket", path: "/telephone/handler/{ticket}", parameters: [CALL_TICKET] },
];

const path = (name: string, description: string): Parameter => ({ name, in: "path", description, required: true });
const STREAM = path("stream", "The stream's name; `default` is the one at the root.");
const CLIENT = path("clientId", "What the client calls the session.");
const CALL = path("callId", "The provider's id of the call.");
const OPERATOR = ["admin_disabled", "admin_unauthorized"] as const;
const TELEPHONE_ACCOUNT = ["telephone_not_configured", "telephone_refused", "telephone_unavailable"] as const;

export const OPERATOR_OPERATIONS: readonly Operation[] = [
  {
    id: "overview",
    method: "GET",
    path: "/admin/api/overview",
    tag: "Operators",
    summary: "Nodes and streams, and how they are",
    replies: { 200: { description: "As of now.", schema: Overview } },
    errors: [...OPERATOR],
  },
  {
    id: "drain",
    method: "POST",
    path: "/admin/api/nodes/{node}/drain",
    tag: "Operators",
    summary: "Let a node end once its calls are over",
    parameters: [path("node", "The node's id.")],
    body: { description: "How long calls may go on.", schema: DrainRequest, optional: true },
    replies: { 202: { description: "It takes no more calls.", schema: Draining } },
    errors: [...OPERATOR, "unknown_node", "invalid_request", "body_too_large", "node_unreachable", "protocol_mismatch"],
  },
  {
    id: "limit",
    method: "PUT",
    path: "/admin/api/streams/{stream}/limit",
    tag: "Operators",
    summary: "Set a stream's limit, or take it back",
    parameters: [STREAM],
    body: { description: "Counts from the next admission. Null is the stream file's own.", schema: LimitRequest },
    replies: { 200: { description: "The limit as it counts now.", schema: LimitReply } },
    errors: [...OPERATOR, "unknown_stream", "invalid_request", "body_too_large"],
  },
  {
    id: "listSessions",
    method: "GET",
    path: "/admin/api/streams/{stream}/sessions",
    tag: "Operators",
    summary: "A stream's sessions, page by page",
    parameters: [
      STREAM,
      { name: "after", in: "query", description: "The page before's `next`." },
      { name: "count", in: "query", description: `At most ${MAX_SESSIONS_PER_PAGE}.` },
    ],
    replies: { 200: { description: "One page.", schema: SessionPage } },
    errors: [...OPERATOR, "unknown_stream", "invalid_request"],
  },
  {
    id: "inspectSession",
    method: "GET",
    path: "/admin/api/streams/{stream}/sessions/{clientId}",
    tag: "Operators",
    summary: "One session",
    parameters: [STREAM, CLIENT],
    replies: { 200: { description: "How it stands, or how it ended.", schema: SessionDetail } },
    errors: [...OPERATOR, "unknown_stream", "unknown_session"],
  },
  {
    id: "endSession",
    method: "DELETE",
    path: "/admin/api/streams/{stream}/sessions/{clientId}",
    tag: "Operators",
    summary: "End a session",
    parameters: [STREAM, CLIENT, { name: "sid", in: "query", description: "Which one is meant.", required: true }],
    replies: {
      200: { description: "It was over.", schema: Ended },
      202: { description: "It is ending.", schema: Ending },
    },
    errors: [
      ...OPERATOR,
      "unknown_stream",
      "unknown_session",
      "session_starting",
      "node_unreachable",
      "protocol_mismatch",
    ],
  },
  {
    id: "call",
    method: "POST",
    path: "/admin/api/calls",
    tag: "Operators",
    summary: "Call somebody, and connect who answers to a stream",
    body: { description: "Whom, and which stream.", schema: CallRequest },
    replies: { 201: { description: "It rings.", schema: CallReply } },
    errors: [...OPERATOR, ...TELEPHONE_ACCOUNT, "unknown_stream", "invalid_request", "body_too_large"],
  },
  {
    id: "redirectCall",
    method: "PUT",
    path: "/admin/api/calls/{callId}",
    tag: "Operators",
    summary: "Connect a call that is up to another stream",
    parameters: [CALL],
    body: { description: "Which stream.", schema: RedirectRequest },
    replies: { 204: { description: "It is on its way." } },
    errors: [...OPERATOR, ...TELEPHONE_ACCOUNT, "unknown_stream", "invalid_request", "body_too_large"],
  },
  {
    id: "hangUp",
    method: "DELETE",
    path: "/admin/api/calls/{callId}",
    tag: "Operators",
    summary: "Hang up",
    parameters: [CALL],
    replies: { 204: { description: "It is over." } },
    errors: [...OPERATOR, ...TELEPHONE_ACCOUNT],
  },
];

const NODE_REFUSALS = [
  "node_secret_missing",
  "node_unauthorized",
  "node_clock_off",
  "node_token_used",
  "node_replaced",
  "protocol_mismatch",
] as const;

export const NODE_OPERATIONS: readonly Operation[] = [
  {
    id: "nodeLink",
    method: "GET",
    path: "/node/link",
    tag: "Media nodes",
    summary: "The node link, a WebSocket",
    replies: { 101: { description: "The socket is open; the node says hello." } },
    errors: [...NODE_REFUSALS],
  },
  {
    id: "nodeMedia",
    method: "GET",
    path: "/node/media",
    tag: "Media nodes",
    summary: "The media of a session whose client cannot reach its node, as a WebSocket",
    parameters: [
      { name: "sid", in: "query", description: "The session.", required: true },
      { name: "stream", in: "query", description: "Its stream.", required: true },
      { name: "clientId", in: "query", description: "What its client calls it.", required: true },
    ],
    replies: { 101: { description: "The socket is open." } },
    errors: [...NODE_REFUSALS, "unknown_connection"],
  },
  {
    id: "nodeIceServers",
    method: "GET",
    path: "/node/ice-servers",
    tag: "Media nodes",
    summary: "A node's own ICE servers",
    replies: { 200: { description: "None, where nodes need none.", schema: NodeIceServersReply } },
    errors: [...NODE_REFUSALS, "turn_misconfigured", "turn_refused", "turn_unavailable"],
  },
];
