import { decodeProtectedHeader } from "jose";
import { expect, it } from "vitest";
import { verifyNodeToken } from "../../shared/node-token.ts";
import { NodeCredentials } from "./node-credentials.ts";

const NOW_MS = 1_800_000_000_000;
const SECRET = "the secret of edge and nodes";

function credentials(wallClockMs = () => NOW_MS) {
  return new NodeCredentials({ secret: SECRET, nodeId: "n1", edgeUrl: "https://edge.example.com/voice/", wallClockMs });
}
const tokenOf = (header: string): string => header.slice("Bearer ".length);

it("names the node, its run, the edge and the path, and does not have the secret in it", async () => {
  const header = await credentials().authorization("/node/link", 7);
  const verified = await verifyNodeToken(tokenOf(header), SECRET, NOW_MS);
  expect(verified).toMatchObject({
    ok: true,
    claims: { sub: "n1", aud: "edge.example.com", path: "/node/link", epoch: 7 },
  });
  expect(decodeProtectedHeader(tokenOf(header))).toEqual({ alg: "HS256", typ: "edgertc-node+jwt" });
  expect(header + atob(tokenOf(header).split(".")[1] ?? "")).not.toContain(SECRET);
});

it("is another for each request", async () => {
  const node = credentials();
  const [a, b] = await Promise.all([node.authorization("/node/link"), node.authorization("/node/link")]);
  expect(a).not.toBe(b);
});

it("goes by the edge's time once it was told that its own is off", async () => {
  const node = credentials(() => NOW_MS - 3_600_000);
  const stale = tokenOf(await node.authorization("/node/link"));
  expect(await verifyNodeToken(stale, SECRET, NOW_MS)).toEqual({ ok: false, fault: "expired" });
  node.edgeTimeIs(String(NOW_MS));
  const fresh = tokenOf(await node.authorization("/node/link"));
  expect(await verifyNodeToken(fresh, SECRET, NOW_MS)).toMatchObject({ ok: true });
  node.edgeTimeIs(undefined);
  node.edgeTimeIs("soon");
  expect(await verifyNodeToken(tokenOf(await node.authorization("/node/link")), SECRET, NOW_MS)).toMatchObject({
    ok: true,
  });
});
