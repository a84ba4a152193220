import { env } from "cloudflare:workers";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { NODE_ID_HEADER } from "../../shared/link.ts";
import { NODE_ICE_SERVERS_PATH } from "../../shared/turn.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { createApp } from "../app.ts";
import type { Env } from "../env.ts";
import { documented } from "../testing/documented.ts";
import { descriptor, FakeNode, TEST_SECRET } from "../testing/fake-node.ts";
import { CLOUDFLARE_KEY, FakeTurnProviders, HF_TOKEN, TWILIO_ACCOUNT } from "../testing/fake-turn-providers.ts";
import type { TurnOptions } from "../turn/service.ts";

const services = new FakeTurnProviders();
const CLOUDFLARE = {
  EDGERTC_TURN: "cloudflare",
  CLOUDFLARE_TURN_KEY_ID: CLOUDFLARE_KEY.keyId,
  CLOUDFLARE_TURN_KEY_API_TOKEN: CLOUDFLARE_KEY.apiToken,
};
const COTURN = {
  EDGERTC_TURN: "coturn",
  EDGERTC_TURN_URLS: "turn:turn.example.com:3478?transport=udp, turn:turn.example.com:3478?transport=tcp",
  EDGERTC_TURN_SECRET: "coturn-shared-secret",
};
const STATIC = [{ urls: "turn:static.example.com", username: "u", credential: "c" }];
const SECRETS = [
  ...Object.values(CLOUDFLARE_KEY),
  ...Object.values(TWILIO_ACCOUNT),
  HF_TOKEN,
  COTURN.EDGERTC_TURN_SECRET,
  TEST_SECRET,
];

let addresses = 0;
let node: FakeNode;

beforeAll(async () => {
  const rtcConfiguration = { iceServers: [{ urls: ["turn:own.example.com"], username: "own", credential: "own" }] };
  const streams = [descriptor("relayed"), descriptor("long", { timeLimit: 3_600.5 })];
  node = await FakeNode.start({ nodeId: "turn", streams: [...streams, descriptor("own", { rtcConfiguration })] });
});
afterAll(() => node.drop());
afterEach(() => {
  services.failure = null;
  vi.restoreAllMocks();
});

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: ReplyJson;
}

/** All that a reply may hold; a test looks at what it expects. */
interface ReplyJson {
  readonly iceServers: readonly { readonly urls: readonly string[]; readonly username: string }[];
  readonly ttlSeconds: number | null;
  readonly iceTransportPolicy?: string;
  /** Of a descriptor. */
  readonly turn: boolean;
  readonly meta: { readonly error: string; readonly fix: string };
}

/** One request, from an address of its own unless a header says otherwise. */
async function ask(
  path: string,
  variables: Partial<Env> = {},
  turn: TurnOptions = {},
  headers: Record<string, string> = {},
): Promise<Reply> {
  addresses += 1;
  const address = `192.0.${addresses >> 8}.${addresses & 255}`;
  const request = new Request(`http://edge${path}`, { headers: { "cf-connecting-ip": address, ...headers } });
  const response = await createApp({ turn: { fetch: services.fetch, ...turn } }).fetch(request, {
    ...env,
    ...variables,
  });
  await documented("GET", path, response);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
}

const askAsNode = (variables: Partial<Env> = {}, turn: TurnOptions = {}, headers: Record<string, string> = {}) =>
  ask(NODE_ICE_SERVERS_PATH, variables, turn, {
    authorization: `Bearer ${TEST_SECRET}`,
    [NODE_ID_HEADER]: "node-1",
    ...headers,
  });

describe("GET /turn", () => {
  it.each([
    ["cloudflare", CLOUDFLARE],
    ["huggingface", { EDGERTC_TURN: "huggingface", HF_TOKEN }],
    [
      "twilio",
      {
        EDGERTC_TURN: "Twilio",
        TWILIO_ACCOUNT_SID: TWILIO_ACCOUNT.accountSid,
        TWILIO_AUTH_TOKEN: TWILIO_ACCOUNT.authToken,
      },
    ],
    ["coturn", COTURN],
  ])("with %s gives an RTCConfiguration for ten minutes, to any page, and no secret", async (_, variables) => {
    const { status, json, text, headers } = await ask("/relayed/turn", variables);
    expect(status).toBe(200);
    expect(json).toMatchObject({ ttlSeconds: 600, iceServers: expect.any(Array) });
    const turn = json.iceServers.find(({ urls }) => urls[0]?.startsWith("turn:"));
    expect(turn).toMatchObject({ username: expect.any(String), credential: expect.any(String) });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("access-control-allow-origin")).toBe("*");
    for (const secret of SECRETS) expect(text).not.toContain(secret);
  });

  it("with Twilio says that only the relay may be used, with others nothing", async () => {
    const twilio = { TWILIO_ACCOUNT_SID: TWILIO_ACCOUNT.accountSid, TWILIO_AUTH_TOKEN: TWILIO_ACCOUNT.authToken };
    expect((await ask("/turn", { EDGERTC_TURN: "twilio", ...twilio })).json.iceTransportPolicy).toBe("relay");
    expect((await ask("/turn", CLOUDFLARE)).json).not.toHaveProperty("iceTransportPolicy");
  });

  it("with a static list gives it as it is, as a list or as a whole configuration", async () => {
    const list = await ask("/turn", { EDGERTC_TURN: "static", EDGERTC_TURN_SERVERS: JSON.stringify(STATIC) });
    expect(list.json).toEqual({ iceServers: STATIC, ttlSeconds: null });
    const whole = JSON.stringify({ iceServers: STATIC, iceTransportPolicy: "relay" });
    const configuration = await ask("/turn", { EDGERTC_TURN: "static", EDGERTC_TURN_SERVERS: whole });
    expect(configuration.json).toEqual({ iceServers: STATIC, iceTransportPolicy: "relay", ttlSeconds: null });
  });

  it("gives every client credentials of its own, which name the stream", async () => {
    const [first, second] = [await ask("/relayed/turn", COTURN), await ask("/relayed/turn", COTURN)];
    const names = [first, second].map(({ json }) => json.iceServers[0]?.username);
    expect(names[0]).toMatch(/^\d{10}:edgertc-relayed-[0-9a-f]{8}$/);
    expect(names[0]).not.toBe(names[1]);
    const seconds = Number(names[0]?.split(":")[0]) - Date.now() / 1_000;
    expect(Math.abs(seconds - 600)).toBeLessThan(30);
  });

  it("is there at the root without a default stream, under every stream, and not under what is none", async () => {
    expect((await ask("/turn", COTURN)).json.iceServers[0]?.username).toContain(":edgertc-root-");
    expect((await ask("/nothing/turn", COTURN)).json).toMatchObject({ meta: { error: "unknown_stream" } });
    expect((await ask("/nothing/turn", COTURN)).status).toBe(404);
  });

  it("lets credentials outlive the stream's time limit, unless the operator says how long they live", async () => {
    expect((await ask("/long/turn", COTURN)).json.ttlSeconds).toBe(3_631);
    expect((await ask("/long/turn", { ...COTURN, EDGERTC_TURN_TTL_SECONDS: "120" })).json.ttlSeconds).toBe(120);
  });

  it("clamps what a provider does not take, with one warning", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    const variables = { ...CLOUDFLARE, EDGERTC_TURN_TTL_SECONDS: "999999" };
    const app = createApp({ turn: { fetch: services.fetch } });
    for (let n = 0; n < 2; n += 1) {
      const response = await app.request("http://edge/turn", {}, { ...env, ...variables });
      expect(await response.json()).toMatchObject({ ttlSeconds: 172_800 });
    }
    expect(services.seen.at(-1)?.ttlSeconds).toBe(172_800);
    expect(warn.mock.calls.flat().filter((line) => String(line).includes("turn_ttl_clamped"))).toHaveLength(1);
  });

  it("prefers the operator's provider to the stream's own list, and that to nothing", async () => {
    expect((await ask("/own/turn")).json.iceServers[0]?.username).toBe("own");
    expect((await ask("/own/turn", COTURN)).json.iceServers[0]?.username).toContain(":edgertc-own-");
    const none = await ask("/relayed/turn");
    expect([none.status, none.json.meta.error]).toEqual([404, "turn_not_configured"]);
    expect((await ask("/relayed/turn", { ...COTURN, EDGERTC_TURN: "off" })).status).toBe(404);
    // An app that has no TURN needs no limiter either.
    const { TURN_LIMITER: _, ...unlimited } = env;
    expect((await createApp().request("http://edge/turn", {}, unlimited)).status).toBe(404);
  });

  it("takes GET only", async () => {
    const response = await createApp().request("http://edge/turn", { method: "POST" }, env);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET"]);
  });
});

describe("a TURN provider that fails", () => {
  it.each([
    [
      () => Response.json({ code: 20003, message: "Authenticate" }, { status: 401 }),
      502,
      "turn_refused",
      "Authenticate",
    ],
    [() => new Response("upstream down", { status: 503 }), 503, "turn_unavailable", "answered 503: upstream down"],
    [() => Response.json({ iceServers: [] }), 503, "turn_unavailable", "without a TURN server"],
  ])(
    "is a clear error with its cause, in the reply and in the log, never an empty list",
    async (failure, status, code, cause) => {
      const error = vi.spyOn(console, "error").mockReturnValue();
      services.failure = failure;
      const reply = await ask("/turn", CLOUDFLARE);
      expect(reply.status).toBe(status);
      expect(reply.json).toMatchObject({
        status: "failed",
        meta: { error: code, message: expect.stringContaining(cause) },
      });
      expect(reply.json.meta.fix).not.toBe("");
      expect(error.mock.calls.flat().join()).toContain(cause);
      for (const secret of SECRETS) expect(reply.text + error.mock.calls.flat().join()).not.toContain(secret);
    },
  );
});

describe("a configuration that is incomplete", () => {
  it.each([
    [{ EDGERTC_TURN: "cloudfare" }, 'EDGERTC_TURN is "cloudfare", and not one of cloudflare, huggingface'],
    [{ EDGERTC_TURN: "constructor" }, "and not one of"],
    [{ ...CLOUDFLARE, CLOUDFLARE_TURN_KEY_API_TOKEN: "" }, "CLOUDFLARE_TURN_KEY_API_TOKEN is not set"],
    [{ EDGERTC_TURN: "huggingface" }, "HF_TOKEN is not set"],
    [{ EDGERTC_TURN: "twilio" }, "TWILIO_ACCOUNT_SID is not set"],
    [{ ...COTURN, EDGERTC_TURN_URLS: "turn.example.com" }, "EDGERTC_TURN_URLS must be like turn:"],
    [{ EDGERTC_TURN: "static", EDGERTC_TURN_SERVERS: "[" }, "EDGERTC_TURN_SERVERS is no JSON"],
    [{ EDGERTC_TURN: "static", EDGERTC_TURN_SERVERS: '["turn:a"]' }, "EDGERTC_TURN_SERVERS is no RTCConfiguration"],
    [{ ...COTURN, EDGERTC_TURN_TTL_SECONDS: "10 minutes" }, "EDGERTC_TURN_TTL_SECONDS must be a whole number"],
    [{ ...COTURN, EDGERTC_TURN_TTL_SECONDS: "5" }, "at least 60"],
    [{ ...COTURN, TURN_LIMITER: undefined }, "no TURN_LIMITER binding"],
  ])("%j says what is wrong", async (variables, message) => {
    vi.spyOn(console, "error").mockReturnValue();
    const { status, json } = await ask("/turn", variables as Partial<Env>);
    expect(status).toBe(500);
    expect(json.meta).toMatchObject({ error: "turn_misconfigured", message: expect.stringContaining(message) });
  });
});

describe("createApp({ turn })", () => {
  it("takes a value or a function for clients, and goes before the variables and the stream", async () => {
    expect((await ask("/own/turn", COTURN, { rtcConfiguration: { iceServers: STATIC } })).json.iceServers).toEqual(
      STATIC,
    );
    const rtcConfiguration = vi.fn(async () => ({ iceServers: STATIC }));
    expect((await ask("/own/turn", COTURN, { rtcConfiguration })).json).toEqual({
      iceServers: STATIC,
      ttlSeconds: 600,
    });
    expect(rtcConfiguration).toHaveBeenCalledWith(
      expect.objectContaining({ stream: "own", nodeId: null, ttlSeconds: 600 }),
    );
  });

  it("keeps clients and media nodes apart", async () => {
    const turn: TurnOptions = {
      rtcConfiguration: { iceServers: STATIC },
      serverRtcConfiguration: ({ nodeId }) => ({ iceServers: [{ urls: `stun:${nodeId}.example.com` }] }),
    };
    expect((await ask("/turn", {}, turn)).json.iceServers).toEqual(STATIC);
    expect((await askAsNode({}, turn)).json.iceServers).toEqual([{ urls: "stun:node-1.example.com" }]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("a secret");
      },
      "rtcConfiguration failed.",
    ],
    ["rejects", () => Promise.reject(new Error("a secret")), "rtcConfiguration failed."],
    ["returns something else", () => JSON.parse('"turn:a"'), "rtcConfiguration returned no RTCConfiguration."],
  ])("a function that %s is a clear error that repeats nothing to clients", async (_, rtcConfiguration, message) => {
    vi.spyOn(console, "error").mockReturnValue();
    const { json, text } = await ask("/turn", {}, { rtcConfiguration });
    expect(json.meta).toMatchObject({ error: "turn_unavailable", message });
    expect(text).not.toContain("a secret");
  });
});

describe("the limit", () => {
  /** Over the limit of a minute in one of two minutes, where the minute turns over in the middle. */
  const TOO_MANY = 2 * 60 + 1;
  const times = async (count: number, addressOf: (n: number) => string) => {
    const replies: Reply[] = [];
    for (let n = 0; n < count; n += 1)
      replies.push(await ask("/turn", COTURN, {}, { "cf-connecting-ip": addressOf(n) }));
    return replies;
  };

  it("is per address: a greedy one is told when to come back, others are served", async () => {
    const replies = await times(TOO_MANY, () => "203.0.113.7");
    const refused = replies.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.json.meta).toMatchObject({ error: "rate_limited", retryable: true });
    expect(refused[0]?.headers.get("retry-after")).toBe("60");
    expect((await times(1, () => "203.0.113.8"))[0]?.status).toBe(200);
  });

  it("counts an IPv6 network as one", async () => {
    const replies = await times(TOO_MANY, (n) => `2001:db8:0:1::${n.toString(16)}`);
    expect(replies.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
    expect((await times(1, () => "2001:db8:0:2::1"))[0]?.status).toBe(200);
  });
});

describe("GET /node/ice-servers", () => {
  it("is for those who know the nodes' secret", async () => {
    expect((await askAsNode({}, {}, { authorization: "" })).json.meta.error).toBe("node_unauthorized");
    expect((await askAsNode({}, {}, { authorization: "Bearer wrong" })).status).toBe(401);
    expect((await askAsNode({ EDGERTC_NODE_SECRET: "" })).json.meta.error).toBe("node_secret_missing");
    expect((await askAsNode({}, {}, { [NODE_ID_HEADER]: "-" })).json.meta.error).toBe("protocol_mismatch");
  });

  it("gives nothing by default, and says whether clients have TURN", async () => {
    const nothing = { protocol: PROTOCOL_VERSION, iceServers: [], ttlSeconds: null };
    expect((await askAsNode()).json).toEqual({ ...nothing, clientsHaveTurn: false });
    expect((await askAsNode(COTURN)).json).toEqual({ ...nothing, clientsHaveTurn: true });
  });

  it("gives the provider's servers for a day where EDGERTC_TURN_NODES names one", async () => {
    const { json } = await askAsNode({ ...COTURN, EDGERTC_TURN: "off", EDGERTC_TURN_NODES: "coturn" });
    expect(json).toMatchObject({ ttlSeconds: 86_400, clientsHaveTurn: false });
    expect(json.iceServers[0]?.username).toMatch(/^\d+:edgertc-node-1-[0-9a-f]{8}$/);
    const hour = { ...COTURN, EDGERTC_TURN_NODES: "coturn", EDGERTC_TURN_NODES_TTL_SECONDS: "3600" };
    expect((await askAsNode(hour)).json.ttlSeconds).toBe(3_600);
  });

  it("says so when the provider fails", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    services.failure = () => new Response("", { status: 500 });
    const { status, json } = await askAsNode({ ...CLOUDFLARE, EDGERTC_TURN_NODES: "cloudflare" });
    expect([status, json.meta.error]).toEqual([503, "turn_unavailable"]);
  });
});

describe("a stream's /config", () => {
  it("tells whether there is TURN", async () => {
    const turnOf = async (path: string, variables: Partial<Env> = {}, turn: TurnOptions = {}) =>
      (await ask(path, variables, turn)).json.turn;
    expect(await turnOf("/relayed/config")).toBe(false);
    expect(await turnOf("/own/config")).toBe(true);
    expect(await turnOf("/relayed/config", COTURN)).toBe(true);
    expect(await turnOf("/relayed/config", {}, { rtcConfiguration: { iceServers: [{ urls: "stun:a" }] } })).toBe(false);
    expect(await turnOf("/relayed/config", {}, { rtcConfiguration: () => ({}) })).toBe(true);
  });
});
