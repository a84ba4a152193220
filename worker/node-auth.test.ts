/** How a media node shows that it knows the secret: once per token, for itself, at this edge, now. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { NODE_ID_HEADER } from "../shared/link.ts";
import { EDGE_TIME_HEADER, type NodeClaims, signNodeToken } from "../shared/node-token.ts";
import { signToken } from "../shared/signed-token.ts";
import { createApp } from "./app.ts";
import { descriptor, dial, FakeNode, TEST_SECRET } from "./testing/fake-node.ts";

const claimsOf = (nodeId: string): NodeClaims => ({ sub: nodeId, aud: "edge", path: "/node/link", epoch: null });

interface Knock {
  readonly nodeId: string;
  readonly token: string;
  readonly path?: string;
}

function knock({ nodeId, token, path = "/node/link" }: Knock): Promise<Response> {
  return exports.default.fetch(`http://edge${path}`, {
    headers: { upgrade: "websocket", authorization: `Bearer ${token}`, [NODE_ID_HEADER]: nodeId },
  });
}

/** 101, or the code of the refusal. */
async function outcome(response: Response): Promise<number | string> {
  if (response.webSocket !== null) {
    response.webSocket.accept();
    response.webSocket.close(1000);
    return response.status;
  }
  const { meta } = await response.json<{ meta: { error: string } }>();
  return meta.error;
}

describe("a node's token", () => {
  it("opens the link once: repeated, it is refused, also after its object was evicted", async () => {
    const token = await signNodeToken(claimsOf("once"), TEST_SECRET, Date.now());
    expect(await outcome(await knock({ nodeId: "once", token }))).toBe(101);
    expect(await outcome(await knock({ nodeId: "once", token }))).toBe("node_token_used");
    await evictDurableObject(env.MEDIA_NODE.getByName("default/once"), { webSockets: "close" });
    expect(await outcome(await knock({ nodeId: "once", token }))).toBe("node_token_used");
    const next = await signNodeToken(claimsOf("once"), TEST_SECRET, Date.now());
    expect(await outcome(await knock({ nodeId: "once", token: next }))).toBe(101);
  });

  it("is forgotten when it has expired, and not before", async () => {
    const object = env.MEDIA_NODE.getByName("default/forgetful");
    const use = (tokenId: string, forgetAtMs: number) => object.useToken({ v: 2, tokenId, forgetAtMs, epoch: null });
    const soonMs = Date.now() + 60_000;
    expect([await use("a", soonMs), await use("a", soonMs)]).toEqual(["first", "used"]);
    expect(await use("b", Date.now() - 1)).toBe("first");
    expect([await use("c", soonMs), await use("a", soonMs)]).toEqual(["first", "used"]);
    const rows = await runInDurableObject(object, (_, { storage: { sql } }) => [
      ...sql.exec("SELECT token_id FROM used_tokens ORDER BY token_id"),
    ]);
    expect(rows.map((row) => row["token_id"])).toEqual(["a", "c"]);
  });

  it("is refused when it was signed too long ago, or for later, and the edge says what time it is", async () => {
    for (const offMs of [-61_000, 61_000]) {
      const token = await signNodeToken(claimsOf("stale"), TEST_SECRET, Date.now() + offMs);
      const response = await knock({ nodeId: "stale", token });
      expect(Math.abs(Number(response.headers.get(EDGE_TIME_HEADER)) - Date.now())).toBeLessThan(10_000);
      expect(await outcome(response)).toBe("node_clock_off");
    }
  });

  it("is refused when it was signed with another secret", async () => {
    const token = await signNodeToken(claimsOf("wrong"), "another secret", Date.now());
    expect(await outcome(await knock({ nodeId: "wrong", token }))).toBe("node_unauthorized");
  });

  it("is refused under another node's name, for another path, and when it was meant for another edge", async () => {
    const token = await signNodeToken(claimsOf("mine"), TEST_SECRET, Date.now());
    expect(await outcome(await knock({ nodeId: "yours", token }))).toBe("node_unauthorized");
    expect(await outcome(await knock({ nodeId: "mine", token, path: "/node/ice-servers" }))).toBe("node_unauthorized");
    const elsewhere = await signNodeToken({ ...claimsOf("mine"), aud: "other.example" }, TEST_SECRET, Date.now());
    expect(await outcome(await knock({ nodeId: "mine", token: elsewhere }))).toBe("node_unauthorized");
    // None of it has used the token up.
    expect(await outcome(await knock({ nodeId: "mine", token }))).toBe(101);
  });

  it("is refused where it is valid for longer than nodes need, or is a token of another sort", async () => {
    const lifetimes = { secret: TEST_SECRET, nowMs: Date.now() };
    const long = await signToken({ typ: "edgertc-node+jwt", maxLifetimeMs: 0 }, claimsOf("long"), {
      ...lifetimes,
      lifetimeMs: 86_400_000,
    });
    expect(await outcome(await knock({ nodeId: "long", token: long }))).toBe("node_unauthorized");
    const other = await signToken({ typ: "edgertc-join+jwt", maxLifetimeMs: 0 }, claimsOf("long"), {
      ...lifetimes,
      lifetimeMs: 30_000,
    });
    expect(await outcome(await knock({ nodeId: "long", token: other }))).toBe("node_unauthorized");
  });

  it("makes no object and writes nothing when it is refused", async () => {
    const token = await signNodeToken(claimsOf("nobody"), "another secret", Date.now());
    await outcome(await knock({ nodeId: "nobody", token }));
    const rows = await runInDurableObject(env.MEDIA_NODE.getByName("default/nobody"), (_, { storage: { sql } }) => [
      ...sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'"),
    ]);
    expect(rows).toEqual([]);
  });

  it("of a run that a newer one has replaced is refused at the door", async () => {
    const node = await FakeNode.start({ nodeId: "door", streams: [descriptor("door")] });
    const newer = await FakeNode.start(node.options);
    const token = await signNodeToken({ ...claimsOf("door"), epoch: node.epoch }, TEST_SECRET, Date.now());
    expect(await outcome(await knock({ nodeId: "door", token }))).toBe("node_replaced");
    newer.drop();
  });
});

describe("the bare secret, as nodes of the release before send it", () => {
  it("still opens the link, but not of a strict edge", async () => {
    expect(await outcome(await dial("bare"))).toBe(101);
    const headers = { upgrade: "websocket", authorization: `Bearer ${TEST_SECRET}`, [NODE_ID_HEADER]: "bare" };
    const strict = await createApp().request("/node/link", { headers }, { ...env, EDGERTC_STRICT: "true" });
    expect(await outcome(strict)).toBe("node_unauthorized");
  });
});
