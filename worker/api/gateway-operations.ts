/** The routes of the telephone gateway: one number in front of many streams. */
import { GATEWAY_PATH, GatewayKeyRequest, RegisterRequest, UnregisterRequest } from "../../shared/telephone/gateway.ts";
import type { Operation } from "./operation.ts";
import { GatewayKey, GatewayOverview, GatewayRegistered, Success } from "./replies.ts";
import { ProviderForm } from "./requests.ts";

const FORM = {
  description: "The provider's form.",
  mediaType: "application/x-www-form-urlencoded",
  schema: ProviderForm,
} as const;
const INSTRUCTIONS = { description: "TwiML, TeXML or Plivo XML.", mediaType: "application/xml" } as const;
const PROVIDER = [
  "gateway_off",
  "telephone_off",
  "telephone_unsigned",
  "invalid_request",
  "body_too_large",
  "rate_limited",
] as const;
const HOLDER = ["gateway_off", "gateway_unauthorized", "invalid_request", "body_too_large", "rate_limited"] as const;
const OPERATOR = ["admin_disabled", "admin_unauthorized", "gateway_off"] as const;

export const GATEWAY_OPERATIONS: readonly Operation[] = [
  {
    id: "gatewayCall",
    method: "POST",
    path: `${GATEWAY_PATH}/incoming`,
    tag: "Telephone",
    summary: "A call comes in at the gateway's number, and is asked for its code",
    body: FORM,
    replies: { 200: INSTRUCTIONS },
    errors: PROVIDER,
  },
  {
    id: "gatewayCode",
    method: "POST",
    path: `${GATEWAY_PATH}/code`,
    tag: "Telephone",
    summary: "A code was typed",
    parameters: [{ name: "try", in: "query", description: "Which try it is, from 1." }],
    body: FORM,
    replies: { 200: INSTRUCTIONS },
    errors: PROVIDER,
  },
  {
    id: "gatewayStatus",
    method: "POST",
    path: `${GATEWAY_PATH}/status`,
    tag: "Telephone",
    summary: "A call of the gateway is over",
    body: FORM,
    replies: { 200: { description: "It is counted." } },
    errors: PROVIDER,
  },
  {
    id: "registerAtGateway",
    method: "POST",
    path: `${GATEWAY_PATH}/register`,
    tag: "Telephone",
    summary: "Get a code for a host or a stream",
    description: "FastRTC's wire format, with a gateway key in `Authorization`.",
    body: { description: "Where calls go.", schema: RegisterRequest },
    replies: { 200: { description: "The code, and what may be called with it.", schema: GatewayRegistered } },
    errors: [...HOLDER, "gateway_minutes_used", "gateway_full", "unknown_stream"],
  },
  {
    id: "unregisterAtGateway",
    method: "POST",
    path: `${GATEWAY_PATH}/unregister`,
    tag: "Telephone",
    summary: "Give a code back",
    body: { description: "Which.", schema: UnregisterRequest },
    replies: { 200: { description: "Nobody is led by it any more.", schema: Success } },
    errors: [...HOLDER, "unknown_code"],
  },
  {
    id: "gatewayOverview",
    method: "GET",
    path: "/admin/api/gateway",
    tag: "Operators",
    summary: "The gateway's keys, codes and calls",
    replies: { 200: { description: "As of now. Times are milliseconds since 1970.", schema: GatewayOverview } },
    errors: OPERATOR,
  },
  {
    id: "makeGatewayKey",
    method: "POST",
    path: "/admin/api/gateway/keys",
    tag: "Operators",
    summary: "Make a gateway key, or replace one",
    body: { description: "For whom, and how many seconds a month.", schema: GatewayKeyRequest },
    replies: {
      201: {
        description: "The key: it is told this once.",
        schema: GatewayKey,
      },
    },
    errors: [...OPERATOR, "invalid_request", "body_too_large", "gateway_full"],
  },
  {
    id: "dropGatewayKey",
    method: "DELETE",
    path: "/admin/api/gateway/keys/{name}",
    tag: "Operators",
    summary: "Drop a gateway key with its codes",
    parameters: [{ name: "name", in: "path", description: "The key's name.", required: true }],
    replies: { 204: { description: "It is gone." } },
    errors: [...OPERATOR, "unknown_gateway_key"],
  },
  {
    id: "dropGatewayCode",
    method: "DELETE",
    path: "/admin/api/gateway/codes/{code}",
    tag: "Operators",
    summary: "Drop a code, whoever's it is",
    parameters: [{ name: "code", in: "path", description: "Six digits.", required: true }],
    replies: { 204: { description: "It is gone." } },
    errors: [...OPERATOR, "unknown_code"],
  },
];
