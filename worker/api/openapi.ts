/** The OpenAPI description of the edge's HTTP routes, generated from the operations and the schemas that parse and answer. */
import * as admin from "../../shared/admin.ts";
import { IceCandidate } from "../../shared/candidate.ts";
import { IceServer, RtcConfiguration } from "../../shared/descriptor.ts";
import { InputDeclaration } from "../../shared/inputs.ts";
import { EndReason } from "../../shared/session.ts";
import { GatewayKeyRequest, RegisterRequest, UnregisterRequest } from "../../shared/telephone/gateway.ts";
import { NodeIceServersReply, TurnReply } from "../../shared/turn.ts";
import { EDGERTC_VERSION } from "../../shared/version.ts";
import { componentsOf, type JsonObject, type NamedSchemas, referencesTo } from "./json-schema.ts";
import { type Content, type Operation, repliesOf, TAGS } from "./operation.ts";
import { OPERATIONS, pathsOf } from "./operations.ts";
import * as replies from "./replies.ts";
import { InputRequest, OfferRequest, ProviderForm } from "./requests.ts";

/** Every body there is: generated clients have a type for each. */
const NAMED: NamedSchemas = {
  ...replies,
  CallReply: admin.CallReply,
  CallRequest: admin.CallRequest,
  DrainRequest: admin.DrainRequest,
  EndReason,
  GatewayKeyRequest,
  IceCandidate,
  IceServer,
  InputDeclaration,
  InputRequest,
  LimitRequest: admin.LimitRequest,
  NodeIceServersReply,
  OfferRequest,
  Overview: admin.Overview,
  ProviderForm,
  RedirectRequest: admin.RedirectRequest,
  RegisterRequest,
  RtcConfiguration,
  SessionDetail: admin.SessionDetail,
  SessionPage: admin.SessionPage,
  TurnReply,
  UnregisterRequest,
};

const referenceTo = referencesTo(NAMED);

const STREAM = {
  name: "stream",
  in: "path",
  required: true,
  description: "The stream's name: its export in the stream file.",
  schema: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$" },
};

/** @param url where the edge is, without a slash at the end. */
export function openApi(url: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const operation of OPERATIONS) {
    for (const path of pathsOf(operation)) {
      paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describe(operation, path) };
    }
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "EdgeRTC",
      version: EDGERTC_VERSION,
      description: "Real-time voice and video streams. What goes over data channels and sockets is at /asyncapi.json.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: componentsOf(NAMED),
      securitySchemes: {
        admin: { type: "http", scheme: "bearer", description: "EDGERTC_ADMIN_TOKEN" },
        node: { type: "http", scheme: "bearer", description: "A token that a media node signs for one request." },
      },
    },
  };
}

const SECURITY: Partial<Record<Operation["tag"], readonly JsonObject[]>> = {
  Operators: [{ admin: [] }],
  "Media nodes": [{ node: [] }],
};

function describe(operation: Operation, path: string): JsonObject {
  const { id, tag, summary, description, parameters = [], body } = operation;
  const ofStream = path !== operation.path;
  const listed = parameters.map((parameter) => ({ required: false, ...parameter, schema: { type: "string" } }));
  return {
    operationId: ofStream ? `${id}OfStream` : id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(SECURITY[tag] === undefined ? {} : { security: SECURITY[tag] }),
    parameters: ofStream ? [STREAM, ...listed] : listed,
    ...(body === undefined
      ? {}
      : { requestBody: { description: body.description, required: body.optional !== true, content: contentOf(body) } }),
    responses: Object.fromEntries([...repliesOf(operation)].map(([status, content]) => [status, responseOf(content)])),
  };
}

function responseOf(content: Content): JsonObject {
  const { description, schema, mediaType } = content;
  return schema === undefined && mediaType === undefined
    ? { description }
    : { description, content: contentOf(content) };
}

function contentOf({ schema, mediaType = "application/json" }: Content): JsonObject {
  return { [mediaType]: schema === undefined ? { schema: { type: "string" } } : { schema: referenceTo(schema) } };
}
