import { exports } from "cloudflare:workers";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { plivoWire } from "../../shared/telephone/plivo.ts";
import { telnyxWire } from "../../shared/telephone/telnyx.ts";
import { twilioWire } from "../../shared/telephone/twilio.ts";
import { createApp } from "../app.ts";
import { OfferBody } from "../offer/body.ts";
import { asyncApi } from "./asyncapi.ts";
import { PlivoReply, TelnyxReply, TwilioReply } from "./messages.ts";
import { openApi } from "./openapi.ts";
import { repliesOf } from "./operation.ts";
import { OPERATIONS, pathsOf } from "./operations.ts";
import { OfferRequest } from "./requests.ts";

const URL_OF_EDGE = "https://voice.example.com";
const documents = { openapi: openApi(URL_OF_EDGE), asyncapi: asyncApi(URL_OF_EDGE) };

describe("the API's description", () => {
  it("has every route that the Worker has, and no other", () => {
    const methods = ["GET", "POST", "PUT", "DELETE"];
    const routes = createApp()
      .routes.filter(({ method }) => methods.includes(method))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    const described = OPERATIONS.flatMap((operation) =>
      pathsOf(operation).map((path) => `${operation.method} ${path}`),
    );
    expect(described.sort()).toEqual([...new Set(routes)].sort());
  });

  it("names each operation once, and each parameter of its path", () => {
    const ids = OPERATIONS.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, parameters = [] } of OPERATIONS) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(
        parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name),
        path,
      ).toEqual(named);
    }
  });

  it.each(Object.entries(documents))("refers to nothing that is not in it: %s", (_, document) => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
      ([, reference = ""]) => reference,
    );
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) {
      const found = reference
        .slice(2)
        .split("/")
        .reduce<unknown>((at, key) => read(at, key), document);
      expect(found, reference).toBeDefined();
    }
  });

  it("knows the fields of an offer that the route reads", () => {
    const fields = OfferRequest.options.flatMap((option) => Object.keys(option.entries));
    expect([...new Set(fields)].sort()).toEqual(Object.keys(OfferBody.entries).sort());
  });

  it("gives each error the status that the catalogue has", () => {
    const offer = OPERATIONS.find(({ id }) => id === "offer");
    expect(offer && [...repliesOf(offer).keys()].sort()).toEqual([
      200, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503,
    ]);
    expect(offer && repliesOf(offer).get(422)?.description).toMatch(/^The request is not as it should be/);
  });

  it("describes what is written to telephone providers as it is written", () => {
    const call = { provider: "twilio", streamId: "s", callId: null, from: null, to: null, law: "mulaw" } as const;
    const wires = [
      [twilioWire, TwilioReply],
      [telnyxWire, TelnyxReply],
      [plivoWire, PlivoReply],
    ] as const;
    for (const [wire, schema] of wires) {
      const start = { ...call, parameters: {} };
      for (const text of [wire.media(start, "AAAA"), wire.mark(start, "m1"), wire.clear(start)]) {
        const message: unknown = JSON.parse(text);
        expect(v.parse(schema, message)).toEqual(message);
      }
    }
  });
});

describe.each(["openapi", "asyncapi"] as const)("GET /%s.json", (name) => {
  it("is the description with the address that it was asked at", async () => {
    const response = await exports.default.fetch(`${URL_OF_EDGE}/${name}.json`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(documents[name])));
  });
});

it("tells where an edge under a prefix is", async () => {
  const app = createApp({ basePath: "/voice" });
  const response = await app.request(`${URL_OF_EDGE}/voice/openapi.json`, {}, {});
  expect(await response.json()).toMatchObject({ servers: [{ url: `${URL_OF_EDGE}/voice` }] });
  const async = await app.request(`${URL_OF_EDGE}/voice/asyncapi.json`, {}, {});
  expect(await async.json()).toMatchObject({ servers: { edge: { host: "voice.example.com", pathname: "/voice" } } });
});

function read(at: unknown, key: string): unknown {
  return typeof at === "object" && at !== null ? new Map(Object.entries(at)).get(key) : undefined;
}
