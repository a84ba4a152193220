/** Join tokens at the edge: who may begin a call, once. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import { createJoinToken, type JoinTokenOptions } from "../../shared/join-token.ts";
import { createApp } from "../app.ts";
import type { Env } from "../env.ts";
import { SDP } from "../testing/client.ts";
import { documented } from "../testing/documented.ts";
import { descriptor, FakeNode } from "../testing/fake-node.ts";
import { EdgeSocket } from "../testing/socket.ts";

const SECRET = "a secret of the tests, long enough";
const WITH_SECRET = { ...env, EDGERTC_TOKEN_SECRET: SECRET };

interface Offer {
  readonly token?: string;
  readonly header?: string;
  readonly webrtcId?: string;
  readonly variables?: Env;
}

async function offer(stream: string, { token, header, webrtcId = "a", variables = WITH_SECRET }: Offer = {}) {
  const response = await createApp().request(
    `/${stream}/webrtc/offer`,
    {
      method: "POST",
      headers: { "content-type": "application/json", ...(header === undefined ? {} : { authorization: header }) },
      body: JSON.stringify({ sdp: SDP, type: "offer", webrtc_id: webrtcId, token }),
    },
    variables,
  );
  await documented("POST", `/${stream}/webrtc/offer`, response);
  const json = await response.json<{ type?: string; meta?: { error: string } }>();
  return [response.status, json.meta?.error ?? json.type];
}

const mint = (stream: string, options: Partial<JoinTokenOptions> = {}) =>
  createJoinToken({ secret: SECRET, stream, ...options });

async function closed(name: string, options: Partial<StreamDescriptor> = {}): Promise<FakeNode> {
  const stream = descriptor(name, { concurrencyLimit: 5, requireToken: true, ...options });
  return await FakeNode.start({ nodeId: name, streams: [stream] });
}

describe("a stream that requires a token", () => {
  it("takes a call with one, as `token` or as a bearer token, and none without", async () => {
    const node = await closed("closed");
    expect(await offer("closed")).toEqual([401, "token_required"]);
    expect(await offer("closed", { token: await mint("closed") })).toEqual([200, "answer"]);
    const header = `Bearer ${await mint("closed")}`;
    expect(await offer("closed", { header, webrtcId: "b" })).toEqual([200, "answer"]);
    node.drop();
  });

  it("takes a call over a WebSocket with one in the query, bound to its id or not, once, and none without", async () => {
    const node = await closed("closed-ws");
    const reply = async (query: Record<string, string>): Promise<string> => {
      const response = await createApp().request(
        `/closed-ws/websocket/offer?${new URLSearchParams(query)}`,
        { headers: { upgrade: "websocket" } },
        WITH_SECRET,
        createExecutionContext(),
      );
      if (response.webSocket === null) throw new Error(`${response.status}`);
      const socket = new EdgeSocket(response.webSocket);
      socket.send("{}");
      return String(JSON.parse(String(await socket.message(0))).meta.error);
    };
    const bound = await mint("closed-ws", { webrtcId: "anna" });
    expect(await reply({})).toBe("token_required");
    expect(await reply({ token: await mint("other") })).toBe("token_invalid");
    expect(await reply({ token: bound })).toBe("token_invalid");
    // It is taken: the fake node's address is none, which the call then fails on.
    node.onCommand = (command) =>
      command.command === "offer_socket"
        ? { ...node.accept(command), socketUrl: "ws://127.0.0.1:9/media/x" }
        : node.accept(command);
    expect(await reply({ token: bound, websocket_id: "anna" })).toBe("node_unreachable");
    const free = await mint("closed-ws");
    expect(await reply({ token: free })).toBe("node_unreachable");
    expect(await reply({ token: free })).toBe("token_used");
    node.drop();
  });

  it("takes each token once, also when its call has ended", async () => {
    const node = await closed("once");
    const token = await mint("once");
    expect(await offer("once", { token })).toEqual([200, "answer"]);
    expect(await offer("once", { token, webrtcId: "b" })).toEqual([409, "token_used"]);
    const [session] = node.sessions;
    if (session === undefined) throw new Error("no session");
    await node.report([{ ...session, event: "ended", reason: "client_closed" }]);
    await expect.poll(() => env.STREAM.getByName("default/once").status({ v: 2 })).toMatchObject({ active: 0 });
    expect(await offer("once", { token, webrtcId: "b" })).toEqual([409, "token_used"]);
    node.drop();
  });

  it("takes it once, also when many calls come with it at once", async () => {
    const node = await closed("race", { concurrencyLimit: 20 });
    const token = await mint("race");
    const calls = Array.from({ length: 10 }, (_, n) => offer("race", { token, webrtcId: `c${n}` }));
    const codes = (await Promise.all(calls)).map(([, code]) => code);
    expect(codes.sort()).toEqual(["answer", ...Array.from({ length: 9 }, () => "token_used")]);
    node.drop();
  });

  it("does not use a token up for a call that a node refused", async () => {
    const node = await closed("again");
    node.onCommand = () => ({ ok: false, error: "no_common_codec" });
    const token = await mint("again");
    expect(await offer("again", { token })).toEqual([400, "no_common_codec"]);
    node.onCommand = (command) => node.accept(command);
    expect(await offer("again", { token })).toEqual([200, "answer"]);
    node.drop();
  });

  it("refuses what is for another stream or client, too old, or signed by somebody else", async () => {
    const node = await closed("picky");
    expect(await offer("picky", { token: await mint("other") })).toEqual([401, "token_invalid"]);
    const mine = await mint("picky", { webrtcId: "mine" });
    expect(await offer("picky", { token: mine, webrtcId: "yours" })).toEqual([401, "token_invalid"]);
    expect(await offer("picky", { token: mine, webrtcId: "mine" })).toEqual([200, "answer"]);
    const forged = await createJoinToken({ secret: "x".repeat(40), stream: "picky" });
    expect(await offer("picky", { token: forged })).toEqual([401, "token_invalid"]);
    expect(await offer("picky", { token: "nonsense" })).toEqual([401, "token_invalid"]);
    expect(node.commands).toHaveLength(1);
    node.drop();
  });

  it("fails closed where the edge has no secret to check tokens with", async () => {
    const node = await closed("locked");
    const token = await mint("locked");
    expect(await offer("locked", { token, variables: env })).toEqual([503, "tokens_disabled"]);
    const short = { ...env, EDGERTC_TOKEN_SECRET: "short" };
    expect(await offer("locked", { token, variables: short })).toEqual([503, "tokens_disabled"]);
    node.drop();
  });
});

describe("an edge that requires tokens", () => {
  it("does so for every stream", async () => {
    const node = await closed("all", { requireToken: false });
    const variables = { ...WITH_SECRET, EDGERTC_REQUIRE_TOKEN: "true" };
    expect(await offer("all", { variables })).toEqual([401, "token_required"]);
    expect(await offer("all", { variables, token: await mint("all") })).toEqual([200, "answer"]);
    node.drop();
  });
});

describe("an open stream", () => {
  it("takes calls without a token, and refuses one that is not valid", async () => {
    const node = await closed("open", { requireToken: false });
    expect(await offer("open")).toEqual([200, "answer"]);
    expect(await offer("open", { token: "nonsense", webrtcId: "b" })).toEqual([401, "token_invalid"]);
    expect(await offer("open", { token: "nonsense", webrtcId: "b", variables: env })).toEqual([200, "answer"]);
    node.drop();
  });
});

describe("TURN credentials of a stream that requires a token", () => {
  it("are for those who have one, which stays good for the call", async () => {
    const node = await closed("relays");
    const variables = { ...WITH_SECRET, EDGERTC_TURN: "static", EDGERTC_TURN_SERVERS: '[{"urls":"turn:t.example"}]' };
    const turn = async (headers: Record<string, string> = {}) => {
      const response = await createApp().request("/relays/turn", { headers }, variables);
      await response.body?.cancel();
      return response.status;
    };
    expect(await turn()).toBe(401);
    expect(await turn({ authorization: `Bearer ${await mint("other")}` })).toBe(401);
    const token = await mint("relays");
    expect(await turn({ authorization: `Bearer ${token}` })).toBe(200);
    expect(await offer("relays", { token })).toEqual([200, "answer"]);
    node.drop();
  });
});

describe("a token's time limit", () => {
  it("goes to the node with the offer", async () => {
    const node = await closed("limited");
    await offer("limited", { token: await mint("limited", { timeLimit: 1.5 }) });
    expect(node.commands).toMatchObject([{ command: "offer", timeLimitMs: 1_500 }]);
    node.drop();
  });
});
