import { describe, expect, it } from "vitest";
import { isPlivos, isTelnyxs, isTwilios, type SignedRequest, signerOf } from "./signature.ts";

const FORM = "application/x-www-form-urlencoded";
const encoder = new TextEncoder();
const base64 = (bytes: ArrayBuffer) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

function request(url: string, headers: Record<string, string>, body = "", method = "POST"): SignedRequest {
  return { method, url: new URL(url), headers: new Headers({ "content-type": FORM, ...headers }), body };
}

async function hmac(token: string, hash: "SHA-1" | "SHA-256", text: string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", encoder.encode(token), { name: "HMAC", hash }, false, ["sign"]);
  return base64(await crypto.subtle.sign("HMAC", key, encoder.encode(text)));
}

describe("Twilio", () => {
  // The example of its documentation and of its libraries' tests.
  const url = "https://mycompany.com/myapp.php?foo=1&bar=2";
  const form = "To=%2B18005551212&CallSid=CA1234567890ABCDE&Caller=%2B14158675310&Digits=1234&From=%2B14158675310";
  const signed = { "x-twilio-signature": "GvWf1cFY/Q7PnoempGyD5oXAezc=" };

  it("is recognised by the documentation's example", async () => {
    expect(await isTwilios(request(url, signed, form), "12345")).toBe(true);
  });

  it("is recognised behind a proxy that ends TLS, and with a port in the signed URL", async () => {
    expect(await isTwilios(request(url.replace("https", "http"), signed, form), "12345")).toBe(true);
    const withPort = {
      "x-twilio-signature": await hmac("12345", "SHA-1", "https://phone.example:443/telephone/incoming"),
    };
    expect(await isTwilios(request("https://phone.example/telephone/incoming", withPort), "12345")).toBe(true);
  });

  it.each([
    ["another token", url, form, "12346"],
    ["another path", url.replace("myapp", "yourapp"), form, "12345"],
    ["a field changed", url, form.replace("1234&", "1235&"), "12345"],
    ["a field added", url, `${form}&Extra=1`, "12345"],
  ])("is not, with %s", async (_, other, body, token) => {
    expect(await isTwilios(request(other, signed, body), token)).toBe(false);
  });

  it.each(["", "no base64!", "AAAA", "A".repeat(4_000)])("is not, with the signature %j", async (signature) => {
    expect(await isTwilios(request(url, { "x-twilio-signature": signature }, form), "12345")).toBe(false);
  });

  it("signs the upgrade of a media socket: wss, with a slash at the end", async () => {
    for (const end of ["", "/"]) {
      const text = `wss://phone.example/telephone/handler${end}`;
      const headers = { upgrade: "websocket", "x-twilio-signature": await hmac("12345", "SHA-1", text) };
      expect(await isTwilios(request("https://phone.example/telephone/handler", headers, "", "GET"), "12345")).toBe(
        true,
      );
      expect(await isTwilios(request("https://phone.example/telephone/other", headers, "", "GET"), "12345")).toBe(
        false,
      );
    }
  });
});

describe("Plivo", () => {
  const nonce = "05429567804466091622";
  const sign = async (text: string, token = "token") => ({
    "x-plivo-signature-v3-nonce": nonce,
    "x-plivo-signature-v3": await hmac(token, "SHA-256", `${text}.${nonce}`),
  });

  it("is recognised by the URL, its query, the form's fields in order and the nonce", async () => {
    const plain = await sign("https://answer.example/incoming?CallUUID97ceeb52From+14155550100");
    expect(
      await isPlivos(
        request("https://answer.example/incoming", plain, "From=%2B14155550100&CallUUID=97ceeb52"),
        "token",
      ),
    ).toBe(true);
    const query = await sign("https://answer.example/incoming?a=1&b=2.CallUUID97ceeb52");
    expect(
      await isPlivos(request("https://answer.example/incoming?b=2&a=1", query, "CallUUID=97ceeb52"), "token"),
    ).toBe(true);
    const get = await sign("https://answer.example/incoming?a=1&b=2");
    expect(await isPlivos(request("https://answer.example/incoming?b=2&a=1", get, "", "GET"), "token")).toBe(true);
  });

  it("is recognised by any of several signatures", async () => {
    const old = await sign("https://answer.example/incoming", "old");
    const now = await sign("https://answer.example/incoming");
    const both = { ...now, "x-plivo-signature-v3": `${old["x-plivo-signature-v3"]}, ${now["x-plivo-signature-v3"]}` };
    expect(await isPlivos(request("https://answer.example/incoming", both), "token")).toBe(true);
  });

  it("is not, with another token, another nonce, a changed field or no nonce", async () => {
    const headers = await sign("https://answer.example/incoming?CallUUID97ceeb52");
    const of = (changed: Record<string, string>, body = "CallUUID=97ceeb52") =>
      request("https://answer.example/incoming", { ...headers, ...changed }, body);
    expect(await isPlivos(of({}), "token")).toBe(true);
    expect(await isPlivos(of({}), "tokem")).toBe(false);
    expect(await isPlivos(of({ "x-plivo-signature-v3-nonce": "1" }), "token")).toBe(false);
    expect(await isPlivos(of({ "x-plivo-signature-v3-nonce": "" }), "token")).toBe(false);
    expect(await isPlivos(of({}, "CallUUID=97ceeb53"), "token")).toBe(false);
  });
});

describe("Telnyx", () => {
  const nowMs = 1_763_700_000_000;
  const body = "CallSid=v3%3Aabc&From=%2B14155550100";

  async function signed(timestamp: string, text = body) {
    const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
    if (!("privateKey" in pair)) throw new Error("not a pair of keys");
    const signature = await crypto.subtle.sign("Ed25519", pair.privateKey, encoder.encode(`${timestamp}|${text}`));
    const key = await crypto.subtle.exportKey("raw", pair.publicKey);
    if (!(key instanceof ArrayBuffer)) throw new Error("not a raw key");
    const headers = { "telnyx-timestamp": timestamp, "telnyx-signature-ed25519": base64(signature) };
    return { headers, publicKey: base64(key) };
  }

  it("is recognised by the body and a timestamp of the last five minutes", async () => {
    const seconds = String(nowMs / 1_000);
    const { headers, publicKey } = await signed(seconds);
    const of = (text: string) => request("https://phone.example/telephone/incoming", headers, text);
    expect(await isTelnyxs(of(body), publicKey, nowMs)).toBe(true);
    expect(await isTelnyxs(of(body), publicKey, nowMs + 299_000)).toBe(true);
    expect(await isTelnyxs(of(body), publicKey, nowMs + 301_000)).toBe(false);
    expect(await isTelnyxs(of(`${body}1`), publicKey, nowMs)).toBe(false);
    const other = await signed(seconds);
    expect(await isTelnyxs(of(body), other.publicKey, nowMs)).toBe(false);
    expect(await isTelnyxs(of(body), "no key", nowMs)).toBe(false);
  });
});

it("tells who signed a request by its headers", () => {
  expect(signerOf(new Headers({ "x-twilio-signature": "x" }))).toBe("twilio");
  expect(signerOf(new Headers({ "telnyx-signature-ed25519": "x" }))).toBe("telnyx");
  expect(signerOf(new Headers({ "x-plivo-signature-v3": "x" }))).toBe("plivo");
  expect(signerOf(new Headers())).toBeNull();
});
