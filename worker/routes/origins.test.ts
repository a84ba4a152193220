/** Which pages may call. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type AppOptions, createApp } from "../app.ts";
import type { Env } from "../env.ts";

interface Call {
  readonly origin?: string;
  readonly method?: string;
  readonly path?: string;
  readonly options?: AppOptions;
  readonly variables?: Partial<Env>;
}

async function call({ origin, method = "GET", path = "/health", options, variables }: Call) {
  const headers = {
    ...(origin === undefined ? {} : { origin }),
    ...(method === "OPTIONS" ? { "access-control-request-method": "POST" } : {}),
  };
  const response = await createApp(options).request(
    `https://edge.example${path}`,
    { method, headers },
    {
      ...env,
      ...variables,
    },
  );
  const text = await response.text();
  return { status: response.status, allow: response.headers.get("access-control-allow-origin"), text };
}

const LIST = { EDGERTC_ALLOWED_ORIGINS: "https://app.example, https://www.app.example/" };

describe("an edge without a list", () => {
  it("may be called by any page", async () => {
    expect(await call({ origin: "https://any.example" })).toMatchObject({ status: 200, allow: "*" });
    expect(await call({})).toMatchObject({ status: 200 });
  });
});

describe("an edge with a list", () => {
  it("may be called by the pages on it, by its own page, and by what is no page", async () => {
    for (const origin of ["https://app.example", "https://www.app.example"]) {
      expect(await call({ origin, variables: LIST })).toMatchObject({ status: 200, allow: origin });
    }
    expect(await call({ origin: "https://edge.example", variables: LIST })).toMatchObject({ status: 200 });
    expect(await call({ variables: LIST })).toMatchObject({ status: 200 });
  });

  it.each(["https://evil.example", "https://app.example.evil.example", "http://app.example", "null", "nonsense"])(
    "refuses %s, preflight and request",
    async (origin) => {
      for (const method of ["OPTIONS", "GET"]) {
        const reply = await call({ origin, method, variables: LIST });
        expect(reply).toMatchObject({ status: 403, allow: null });
        expect(reply.text).toContain("origin_not_allowed");
      }
    },
  );

  it("refuses a WebSocket, too, which no browser would keep a page from", async () => {
    const path = "/websocket/offer";
    expect(await call({ origin: "https://evil.example", path, variables: LIST })).toMatchObject({ status: 403 });
    // It goes on to find that this is no upgrade.
    expect(await call({ origin: "https://app.example", path, variables: LIST })).toMatchObject({ status: 426 });
  });

  it("may be given it as an option, which goes before the variable", async () => {
    const options = { allowedOrigins: ["https://own.example"] };
    expect(await call({ origin: "https://own.example", options, variables: LIST })).toMatchObject({ status: 200 });
    expect(await call({ origin: "https://app.example", options, variables: LIST })).toMatchObject({ status: 403 });
  });
});
