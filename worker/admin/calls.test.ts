/** Telephone calls through the operators' API: what the provider is asked, and what an operator is told. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createApp } from "../app.ts";
import { documented } from "../testing/documented.ts";
import { descriptor, FakeNode } from "../testing/fake-node.ts";

const ACCOUNT = {
  TWILIO_ACCOUNT_SID: "AC1",
  TWILIO_AUTH_TOKEN: "secret-of-twilio",
  EDGERTC_TELEPHONE_NUMBER: "+14155550199",
};

async function admin(method: string, path: string, body?: object, variables: object = ACCOUNT) {
  const init = {
    method,
    headers: { authorization: `Bearer ${env.EDGERTC_ADMIN_TOKEN}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const response = await createApp({ basePath: "/voice" }).request(
    `https://edge.example/voice/admin/api${path}`,
    init,
    {
      ...env,
      ...variables,
    },
  );
  await documented(method, `/admin/api${path}`, response);
  const text = await response.text();
  return { status: response.status, json: text === "" ? null : JSON.parse(text) };
}

function twilio() {
  const asked: { url: string; body: string }[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    asked.push({ url: String(url), body: decodeURIComponent(String(init?.body)) });
    return Response.json({ sid: "CA1" }, { status: 201 });
  });
  return asked;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("an operator's calls", () => {
  it("are made, connected to another stream, and ended", async () => {
    const node = await FakeNode.start({ nodeId: "caller", streams: [descriptor("desk"), descriptor("night")] });
    const asked = twilio();
    expect(await admin("POST", "/calls", { to: "+14155550100", stream: "desk" })).toEqual({
      status: 201,
      json: { callId: "CA1", provider: "twilio" },
    });
    expect(asked[0]?.body).toBe(
      "To=+14155550100&From=+14155550199&Url=https://edge.example/voice/desk/telephone/incoming&Method=POST",
    );
    expect((await admin("PUT", "/calls/CA1", { stream: "night" })).status).toBe(204);
    expect(asked[1]?.body).toContain("Url=https://edge.example/voice/night/telephone/incoming");
    expect((await admin("DELETE", "/calls/CA1")).status).toBe(204);
    expect(asked[2]?.body).toBe("Status=completed");
    node.drop();
  });

  it("are not made to what is no number, to no stream, without an account or without a number of its own", async () => {
    const node = await FakeNode.start({ nodeId: "careful", streams: [descriptor("hall")] });
    const asked = twilio();
    const code = async (body: object, variables?: object) =>
      (await admin("POST", "/calls", body, variables)).json?.meta?.error;
    expect(await code({ to: "911", stream: "hall" })).toBe("invalid_request");
    expect(await code({ to: "+14155550100", stream: "nowhere" })).toBe("unknown_stream");
    expect(await code({ to: "+14155550100", stream: "hall" }, {})).toBe("telephone_not_configured");
    expect(await code({ to: "+14155550100", stream: "hall", from: "+14155550199" }, {})).toBe(
      "telephone_not_configured",
    );
    expect(asked).toEqual([]);
    node.drop();
  });
});
