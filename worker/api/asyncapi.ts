/** The AsyncAPI description of whatever is no HTTP request: generated from the schemas that parse it. */
import { EDGERTC_VERSION } from "../../shared/version.ts";
import { componentsOf, type JsonObject, type NamedSchemas, referencesTo } from "./json-schema.ts";
import { CHANNELS, type ChannelDescription, type MessageDescription } from "./messages.ts";

const messages = new Map(
  Object.values(CHANNELS).flatMap(({ received, sent }) => [...Object.entries(received), ...Object.entries(sent)]),
);

/** A message's schema has its name. */
const NAMED: NamedSchemas = Object.fromEntries(
  [...messages].map(([name, { schema }]) => [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, schema]),
);

const referenceTo = referencesTo(NAMED);

/** @param url where the edge is, without a slash at the end. */
export function asyncApi(url: string): JsonObject {
  const { host, protocol, pathname } = new URL(url);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "EdgeRTC",
      version: EDGERTC_VERSION,
      description:
        "What clients and streams tell each other once a session is up. Actions are the server's: what it receives, clients send. HTTP is at /openapi.json.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    servers: {
      edge: { host, protocol: protocol === "http:" ? "ws" : "wss", ...(pathname === "/" ? {} : { pathname }) },
    },
    channels: Object.fromEntries(Object.entries(CHANNELS).map(([name, channel]) => [name, channelOf(channel)])),
    operations: Object.fromEntries(Object.entries(CHANNELS).flatMap(([name, channel]) => operationsOf(name, channel))),
    components: {
      messages: Object.fromEntries([...messages].map(([name, message]) => [name, messageOf(name, message)])),
      schemas: componentsOf(NAMED),
    },
  };
}

function channelOf({ address, title, description, received, sent }: ChannelDescription): JsonObject {
  const names = [...new Set([...Object.keys(received), ...Object.keys(sent)])];
  const messages = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]));
  return { address, title, description, messages };
}

function operationsOf(channel: string, { received, sent }: ChannelDescription): [string, JsonObject][] {
  const actions = [
    ["receive", Object.keys(received)],
    ["send", Object.keys(sent)],
  ] as const;
  return actions
    .filter(([, names]) => names.length > 0)
    .map(([action, names]) => [
      `${action}${channel.charAt(0).toUpperCase()}${channel.slice(1)}`,
      {
        action,
        channel: { $ref: `#/channels/${channel}` },
        messages: names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` })),
      },
    ]);
}

function messageOf(name: string, { summary, schema, contentType }: MessageDescription): JsonObject {
  return { name, summary, ...(contentType === undefined ? {} : { contentType }), payload: referenceTo(schema) };
}
