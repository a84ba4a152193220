import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createJoinToken, verifyJoinToken } from "./join-token.ts";
import { MAX_JOIN_TOKEN_LIFETIME_MS } from "./limits.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const nowS = (): number => Math.floor(Date.now() / 1_000);

/** As any language mints it: two JSON objects and an HMAC. */
function byHand(claims: object, { alg = "HS256", typ = "edgertc-join+jwt", secret = SECRET } = {}): string {
  const parts = [{ alg, typ }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  const signature = createHmac("sha256", secret).update(parts.join(".")).digest("base64url");
  return [...parts, alg === "none" ? "" : signature].join(".");
}
const claims = (changes: object = {}) => ({
  jti: "6f1b6a0e-7a54-4a3c-9a29-0123456789ab",
  iat: nowS(),
  exp: nowS() + 60,
  stream: "echo",
  ...changes,
});
const verify = (token: string, atMs = Date.now()) => verifyJoinToken(token, SECRET, atMs);

describe("a join token", () => {
  it("says which stream, for how long, and whose call", async () => {
    const token = await createJoinToken({ secret: SECRET, stream: "echo", timeLimit: 90, webrtcId: "me" });
    expect(await verify(token)).toMatchObject({
      ok: true,
      claims: { stream: "echo", timeLimit: 90, webrtcId: "me", exp: expect.any(Number), jti: expect.any(String) },
    });
    expect(await verify(await createJoinToken({ secret: SECRET }))).toMatchObject({
      ok: true,
      claims: { stream: "default" },
    });
  });

  it("can be minted by hand, in any language", async () => {
    expect(await verify(byHand(claims()))).toMatchObject({ ok: true, claims: { stream: "echo" } });
  });

  it.each([
    ["another secret's", "forged", () => byHand(claims(), { secret: "another secret of enough characters" })],
    ["unsigned", "malformed", () => byHand(claims(), { alg: "none" })],
    ["of another sort, such as a node's", "malformed", () => byHand(claims(), { typ: "edgertc-node+jwt" })],
    ["expired", "expired", () => byHand(claims({ iat: nowS() - 120, exp: nowS() - 60 }))],
    ["for later", "early", () => byHand(claims({ iat: nowS() + 60, exp: nowS() + 120 }))],
    ["without an end", "malformed", () => byHand(claims({ exp: undefined }))],
    ["without an id", "malformed", () => byHand(claims({ jti: undefined }))],
    ["with an id that is easy to guess", "malformed", () => byHand(claims({ jti: "1" }))],
    ["valid for too long", "malformed", () => byHand(claims({ exp: nowS() + MAX_JOIN_TOKEN_LIFETIME_MS / 1_000 + 1 }))],
    ["without a stream", "malformed", () => byHand(claims({ stream: undefined }))],
    ["with a time limit that makes no sense", "malformed", () => byHand(claims({ timeLimit: -1 }))],
    ["changed after it was signed", "forged", () => byHand(claims()).replace(/\.[^.]+\./, `.${btoa("{}")}.`)],
    ["no token at all", "malformed", () => "hello"],
    ["endless", "malformed", () => `${byHand(claims())}${"a".repeat(10_000)}`],
  ])("is not valid if it is %s", async (_, fault, make) => {
    expect(await verify(make())).toEqual({ ok: false, fault });
  });

  it.each([
    [{ secret: "short" }, "32 characters"],
    [{ secret: SECRET, lifetimeMs: 24 * 3_600_000 }, "lifetimeMs"],
    [{ secret: SECRET, timeLimit: 0 }, "timeLimit"],
    [{ secret: SECRET, stream: "no spaces" }, "stream"],
  ])("is not minted from options that make no sense", async (options, words) => {
    await expect(createJoinToken(options)).rejects.toThrow(words);
  });
});
