/** What is asked of each provider's REST interface, as they document it, and what comes of their refusals. */
import { describe, expect, it } from "vitest";
import { accountOf } from "./account.ts";

const TWILIO = { TWILIO_ACCOUNT_SID: "AC1", TWILIO_AUTH_TOKEN: "secret-of-twilio" };
const TELNYX = { TELNYX_API_KEY: "KEY1", TELNYX_ACCOUNT_SID: "acc", TELNYX_APPLICATION_SID: "app" };
const PLIVO = { PLIVO_AUTH_ID: "MA1", PLIVO_AUTH_TOKEN: "secret-of-plivo" };
const CALL = { to: "+14155550100", from: "+14155550199", url: "https://edge.example/telephone/incoming" };

/** A provider that answers with this, and notes what it is asked. */
function provider(status: number, reply: unknown) {
  const asked: { url: string; method: string; authorization: string | null; body: unknown }[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const request = new Request(url, init);
    const text = new TextDecoder().decode(await request.arrayBuffer());
    const isJson = request.headers.get("content-type") === "application/json";
    const body = isJson ? (text === "" ? null : JSON.parse(text)) : Object.fromEntries(new URLSearchParams(text));
    asked.push({ url, method: request.method, authorization: request.headers.get("authorization"), body });
    return status === 204 ? new Response(null, { status }) : Response.json(reply, { status });
  };
  return { asked, fetch };
}

describe("an account", () => {
  it("of Twilio makes, redirects and ends calls", async () => {
    const { asked, fetch } = provider(201, { sid: "CA1", status: "queued" });
    const account = accountOf(TWILIO, fetch);
    expect(await account.call(CALL)).toBe("CA1");
    await account.redirect("CA1", "https://edge.example/other/telephone/incoming");
    await account.hangUp("CA1");
    const base = "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls";
    expect(asked.map(({ url, method }) => [method, url])).toEqual([
      ["POST", `${base}.json`],
      ["POST", `${base}/CA1.json`],
      ["POST", `${base}/CA1.json`],
    ]);
    expect(asked.map(({ body }) => body)).toEqual([
      { To: CALL.to, From: CALL.from, Url: CALL.url, Method: "POST" },
      { Url: "https://edge.example/other/telephone/incoming", Method: "POST" },
      { Status: "completed" },
    ]);
    expect(asked[0]?.authorization).toBe(`Basic ${btoa("AC1:secret-of-twilio")}`);
  });

  it("of Telnyx makes, redirects and ends calls", async () => {
    const { asked, fetch } = provider(200, { sid: "v3:abc/d", status: "queued" });
    const account = accountOf(TELNYX, fetch);
    expect(await account.call(CALL)).toBe("v3:abc/d");
    await account.redirect("v3:abc/d", CALL.url);
    await account.hangUp("v3:abc/d");
    const base = "https://api.telnyx.com/v2/texml/Accounts/acc/Calls";
    expect(asked.map(({ url }) => url)).toEqual([base, `${base}/v3%3Aabc%2Fd`, `${base}/v3%3Aabc%2Fd`]);
    expect(asked[0]?.body).toEqual({
      ApplicationSid: "app",
      To: CALL.to,
      From: CALL.from,
      Url: CALL.url,
      UrlMethod: "POST",
    });
    expect(asked[2]?.body).toEqual({ Status: "completed" });
    expect(asked[0]?.authorization).toBe("Bearer KEY1");
  });

  it("of Plivo makes, redirects and ends calls", async () => {
    const { asked, fetch } = provider(201, { message: "call fired", request_uuid: "97ceeb52", api_id: "x" });
    const account = accountOf(PLIVO, fetch);
    expect(await account.call(CALL)).toBe("97ceeb52");
    await account.redirect("97ceeb52", CALL.url);
    const quiet = provider(204, null);
    await accountOf(PLIVO, quiet.fetch).hangUp("97ceeb52");
    const base = "https://api.plivo.com/v1/Account/MA1/Call";
    expect(asked.map(({ url }) => url)).toEqual([`${base}/`, `${base}/97ceeb52/`]);
    expect(asked[0]?.body).toEqual({ to: CALL.to, from: CALL.from, answer_url: CALL.url, answer_method: "POST" });
    expect(asked[1]?.body).toEqual({ legs: "aleg", aleg_url: CALL.url, aleg_method: "POST" });
    expect(quiet.asked[0]).toMatchObject({ method: "DELETE", url: `${base}/97ceeb52/` });
  });

  it("says why the provider refused, and keeps its own secret out of it", async () => {
    const { fetch } = provider(401, { code: 20003, message: "Authentication Error for secret-of-twilio" });
    await expect(accountOf(TWILIO, fetch).call(CALL)).rejects.toMatchObject({
      code: "telephone_refused",
      message: "Twilio answered 401: Authentication Error for [redacted] (20003).",
    });
  });

  it("is a moment's trouble where the provider fails, is not there, or answers something else", async () => {
    const of = (fetch: (url: string, init: RequestInit) => Promise<Response>) => accountOf(TWILIO, fetch).call(CALL);
    const unavailable = { code: "telephone_unavailable" };
    await expect(of(provider(503, {}).fetch)).rejects.toMatchObject(unavailable);
    await expect(of(provider(201, { id: 1 }).fetch)).rejects.toMatchObject(unavailable);
    await expect(of(async () => Promise.reject(new Error("no route")))).rejects.toMatchObject(unavailable);
  });

  it("is the one that is set, or the one that is named, and says what it lacks", () => {
    expect(accountOf(TELNYX).provider).toBe("telnyx");
    expect(accountOf({ ...TELNYX, ...PLIVO, EDGERTC_TELEPHONE_PROVIDER: "Plivo" }).provider).toBe("plivo");
    const fails = (env: object, message: RegExp) => expect(() => accountOf(env)).toThrow(message);
    fails({}, /No telephone account/);
    fails({ ...TELNYX, ...PLIVO }, /EDGERTC_TELEPHONE_PROVIDER says which/);
    fails(
      { EDGERTC_TELEPHONE_PROVIDER: "telnyx", TELNYX_API_KEY: "KEY1" },
      /TELNYX_ACCOUNT_SID and TELNYX_APPLICATION_SID/,
    );
    fails({ EDGERTC_TELEPHONE_PROVIDER: "bell" }, /none of twilio, telnyx, plivo/);
  });
});
