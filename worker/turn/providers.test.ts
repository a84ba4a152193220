import { describe, expect, it, vi } from "vitest";
import { CLOUDFLARE_KEY, FakeTurnProviders, HF_TOKEN, TWILIO_ACCOUNT } from "../testing/fake-turn-providers.ts";
import { cloudflareTurn } from "./cloudflare.ts";
import { coturn } from "./coturn.ts";
import { huggingFaceTurn } from "./hugging-face.ts";
import { TurnFailure, type TurnProvider } from "./provider.ts";
import { twilioTurn } from "./twilio.ts";

const request = { ttlSeconds: 600, label: "echo-1" };
const services = new FakeTurnProviders();
const { fetch } = services;

const PROVIDERS: readonly [string, TurnProvider, readonly string[]][] = [
  ["Cloudflare", cloudflareTurn({ ...CLOUDFLARE_KEY, fetch }), Object.values(CLOUDFLARE_KEY)],
  ["Hugging Face", huggingFaceTurn({ token: HF_TOKEN, fetch }), [HF_TOKEN]],
  ["Twilio", twilioTurn({ ...TWILIO_ACCOUNT, fetch }), Object.values(TWILIO_ACCOUNT)],
];

/** The failure of a mint while the services answer so. */
async function failureOf(provider: TurnProvider, answer: () => Response | Promise<Response>): Promise<TurnFailure> {
  services.failure = answer;
  try {
    const minted = await provider.mint(request);
    throw new Error(`minted ${JSON.stringify(minted)}`);
  } catch (error) {
    if (error instanceof TurnFailure) return error;
    throw error;
  } finally {
    services.failure = null;
  }
}

describe("Cloudflare and Hugging Face", () => {
  it.each(PROVIDERS.slice(0, 2))(
    "%s: STUN and TURN over UDP, TCP and TLS, without the port that browsers block",
    async (_, provider) => {
      const { iceServers, iceTransportPolicy } = await provider.mint(request);
      expect(iceTransportPolicy).toBeUndefined();
      expect(iceServers).toEqual([
        { urls: ["stun:stun.cloudflare.com:3478"] },
        {
          urls: [
            "turn:turn.cloudflare.com:3478?transport=udp",
            "turn:turn.cloudflare.com:3478?transport=tcp",
            "turn:turn.cloudflare.com:80?transport=tcp",
            "turns:turn.cloudflare.com:5349?transport=tcp",
            "turns:turn.cloudflare.com:443?transport=tcp",
          ],
          username: expect.stringMatching(/^user-/),
          credential: expect.stringMatching(/^credential-/),
        },
      ]);
      expect(services.seen.at(-1)?.ttlSeconds).toBe(600);
    },
  );

  it("takes the single object that older keys answer with", async () => {
    const server = { urls: ["turn:turn.cloudflare.com:3478?transport=udp"], username: "u", credential: "c" };
    const provider = cloudflareTurn({ ...CLOUDFLARE_KEY, fetch: async () => Response.json({ iceServers: server }) });
    expect((await provider.mint(request)).iceServers).toEqual([server]);
  });
});

describe("Twilio", () => {
  it("gives the token's servers in today's form, for relaying only", async () => {
    const provider = twilioTurn({ ...TWILIO_ACCOUNT, fetch });
    const { iceServers, iceTransportPolicy } = await provider.mint(request);
    expect(iceTransportPolicy).toBe("relay");
    expect(iceServers).toHaveLength(4);
    expect(iceServers[1]).toEqual({
      urls: ["turn:global.turn.twilio.com:3478?transport=udp"],
      username: expect.stringMatching(/^user-/),
      credential: expect.stringMatching(/^credential-/),
    });
    expect(services.seen.at(-1)?.ttlSeconds).toBe(600);
  });
});

describe.each(PROVIDERS)("%s failing", (_, provider, secrets) => {
  it("asks for new credentials each time", async () => {
    const [first, second] = [await provider.mint(request), await provider.mint(request)];
    expect(first.iceServers.at(-1)?.username).not.toBe(second.iceServers.at(-1)?.username);
  });

  it.each([400, 401, 403, 404])("%i is a refusal: repeating is useless", async (status) => {
    const failure = await failureOf(provider, () => new Response("no", { status }));
    expect(failure.code).toBe("turn_refused");
    expect(failure.detail).toContain(`answered ${status}: no`);
  });

  it.each([302, 408, 429, 500, 503])("%i passes", async (status) => {
    const failure = await failureOf(provider, () => new Response("no", { status }));
    expect(failure).toMatchObject({ code: "turn_unavailable", detail: expect.stringContaining(`answered ${status}`) });
  });

  it.each([
    ["an empty list", { iceServers: [], ice_servers: [] }],
    ["no list", { hello: "world" }],
    ["STUN alone", { iceServers: [{ urls: "stun:a:1" }], ice_servers: [{ urls: "stun:a:1" }] }],
    ["TURN without a credential", { iceServers: [{ urls: "turn:a:1" }], ice_servers: [{ urls: "turn:a:1" }] }],
    ["another scheme", { iceServers: [{ urls: "https://a" }], ice_servers: [{ urls: "https://a" }] }],
    [
      "servers without end",
      { iceServers: Array(99).fill({ urls: "stun:a" }), ice_servers: Array(99).fill({ urls: "stun:a" }) },
    ],
    ["null", null],
  ])("never passes %s on as if it were an answer", async (_, body) => {
    const failure = await failureOf(provider, () => Response.json(body));
    expect(failure.code).toBe("turn_unavailable");
  });

  it.each([
    ["HTML", () => new Response("<html>")],
    ["nothing", () => new Response("")],
    ["more than a list can be", () => new Response("x".repeat(70_000))],
    [
      "a broken connection",
      () => {
        throw new TypeError("Network connection lost.");
      },
    ],
  ])("says so of %s", async (_, answer) => {
    expect((await failureOf(provider, answer)).code).toBe("turn_unavailable");
  });

  it("says nothing secret, whatever the service says", async () => {
    const text = `who is ${secrets.join(" or ")}?\r\n\u0007${"x".repeat(500)}`;
    const { detail, message } = await failureOf(provider, () => Response.json({ message: text }, { status: 403 }));
    for (const secret of secrets) expect(detail + message).not.toContain(secret);
    expect(detail).toContain("who is [redacted]");
    expect(detail.length).toBeLessThan(300);
    expect(detail).not.toMatch(/\p{Cc}/u);
  });
});

describe("the services' own words", () => {
  it.each([
    [
      cloudflareTurn({ ...CLOUDFLARE_KEY, apiToken: "wrong", fetch }),
      "Cloudflare TURN answered 401: Authentication error.",
    ],
    [
      huggingFaceTurn({ token: "wrong", fetch }),
      "Hugging Face TURN (turn.fastrtc.org) answered 401: Invalid Hugging Face token.",
    ],
    [twilioTurn({ ...TWILIO_ACCOUNT, authToken: "wrong", fetch }), "Twilio TURN answered 401: Authenticate (20003)."],
  ])("are passed on", async (provider, detail) => {
    await expect(provider.mint(request)).rejects.toMatchObject({ code: "turn_refused", detail });
  });

  it("a service that does not answer is given up after five seconds", async () => {
    const timeout = new AbortController();
    const spy = vi.spyOn(AbortSignal, "timeout").mockReturnValue(timeout.signal);
    const failure = failureOf(cloudflareTurn({ ...CLOUDFLARE_KEY, fetch }), () => {
      timeout.abort(new DOMException("The operation timed out.", "TimeoutError"));
      return new Promise(() => undefined);
    });
    expect(await failure).toMatchObject({
      code: "turn_unavailable",
      detail: "Cloudflare TURN did not answer within 5000 ms.",
    });
    expect(spy).toHaveBeenCalledWith(5_000);
    spy.mockRestore();
  });
});

describe("coturn", () => {
  it("makes the credentials of the TURN REST API: `north` is the secret of coturn's own documentation", async () => {
    const urls = ["turn:turn.example.com:3478?transport=udp"];
    const provider = coturn({ urls, secret: "north", nowMs: () => 1_800_000_000_999 });
    const { iceServers } = await provider.mint(request);
    // printf '1800000600:edgertc-echo-1' | openssl dgst -sha1 -hmac north -binary | base64
    const credential = "WOJOkop5CDcT44IKam2yDuljYGM=";
    expect(iceServers).toEqual([{ urls, username: "1800000600:edgertc-echo-1", credential }]);
  });
});
