/** What strangers' guesses cost: no object for a name that nobody registered, and never a row. */
import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { CANDIDATE, SDP } from "./testing/client.ts";
import { descriptor, FakeNode } from "./testing/fake-node.ts";

const COUNT = 20;

async function objects(): Promise<Record<string, number>> {
  const [streams, sessions, nodes] = await Promise.all([
    listDurableObjectIds(env.STREAM),
    listDurableObjectIds(env.SESSION),
    listDurableObjectIds(env.MEDIA_NODE),
  ]);
  return { streams: streams.length, sessions: sessions.length, nodes: nodes.length };
}

/** Every row of a stream's ledger, and of the Directory. */
async function rows(stream: string): Promise<string> {
  const dump = (sql: SqlStorage) =>
    [...sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'")].map(
      ({ name }) => [name, [...sql.exec(`SELECT * FROM "${name}"`)]],
    );
  const ledger = await runInDurableObject(env.STREAM.getByName(`default/${stream}`), (_, { storage }) =>
    dump(storage.sql),
  );
  const directory = await runInDurableObject(env.DIRECTORY.getByName("default"), (_, { storage }) => dump(storage.sql));
  return JSON.stringify([ledger, directory]);
}

/** A request to every route of a client's. */
async function knock(stream: string, id: string): Promise<void> {
  const json = (path: string, body: object): [string, RequestInit] => [
    path,
    { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) },
  ];
  const requests: [string, RequestInit][] = [
    json("webrtc/offer", { sdp: "nonsense", type: "offer", webrtc_id: id }),
    json("webrtc/offer", { sdp: SDP, type: "nonsense", webrtc_id: id }),
    json("webrtc/offer", { sdp: SDP, type: "offer", webrtc_id: id.repeat(60) }),
    json("input_hook", { webrtc_id: id }),
    [`outputs?webrtc_id=${id}`, {}],
    [`sessions/${id}`, {}],
    [`queue/q_${"0".repeat(32)}`, {}],
    [`queue/q_${"0".repeat(32)}`, { method: "DELETE" }],
    ["config", {}],
  ];
  for (const [path, init] of requests) {
    const response = await exports.default.fetch(`http://edge/${stream}/${path}`, init);
    await response.body?.cancel();
  }
}

async function post(stream: string, body: object): Promise<void> {
  const response = await exports.default.fetch(`http://edge/${stream}/webrtc/offer`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await response.body?.cancel();
}

it("names of streams that nobody registered make no object and write nothing", async () => {
  const node = await FakeNode.start({ nodeId: "real", streams: [descriptor("real")] });
  const before = [await objects(), await rows("real")];
  for (let n = 0; n < COUNT; n += 1) {
    await knock(`made-up-${n}`, `id${n}`);
    await post(`made-up-${n}`, { sdp: SDP, type: "offer", webrtc_id: "a" });
    await post(`made-up-${n}`, { candidate: CANDIDATE, type: "ice-candidate", webrtc_id: "a" });
  }
  expect([await objects(), await rows("real")]).toEqual(before);
  node.drop();
});

it("client ids that no session has make no object and write nothing, unless they offer or trickle", async () => {
  const node = await FakeNode.start({ nodeId: "real2", streams: [descriptor("real2")] });
  const before = [await objects(), await rows("real2")];
  for (let n = 0; n < COUNT; n += 1) await knock("real2", `id${n}`);
  expect([await objects(), await rows("real2")]).toEqual(before);
  // A candidate may come before its offer: its session's object keeps it, in memory, and writes nothing.
  for (let n = 0; n < COUNT; n += 1) {
    await post("real2", { candidate: CANDIDATE, type: "ice-candidate", webrtc_id: `id${n}` });
  }
  expect(await rows("real2")).toBe(before[1]);
  for (let n = 0; n < COUNT; n += 1) {
    const stored = await runInDurableObject(
      env.SESSION.getByName(`default/real2/id${n}`),
      (_, { storage: { sql } }) => [
        ...sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'"),
      ],
    );
    expect(stored).toEqual([]);
  }
  node.drop();
});

it("a stream that is full writes nothing for those whom it refuses", async () => {
  const node = await FakeNode.start({ nodeId: "full", streams: [descriptor("full")] });
  await post("full", { sdp: SDP, type: "offer", webrtc_id: "first" });
  const before = await rows("full");
  for (let n = 0; n < COUNT; n += 1) await post("full", { sdp: SDP, type: "offer", webrtc_id: `late${n}` });
  expect(await rows("full")).toBe(before);
  node.drop();
});
