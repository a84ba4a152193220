import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { DirectoryCache, KNOWN_FOR_MS, MAX_CACHED_STREAMS, UNKNOWN_FOR_MS } from "./directory-cache.ts";
import { descriptor, FakeNode } from "./testing/fake-node.ts";

it("keeps what it knows for a while, what it does not know for a moment, and not too much of either", async () => {
  let nowMs = 0;
  const cache = new DirectoryCache(() => nowMs);
  expect(await cache.lookup(env, "cached")).toEqual({ kind: "nothing_registered" });
  const node = await FakeNode.start({ nodeId: "cached", streams: [descriptor("cached")] });
  expect(await cache.lookup(env, "cached")).toEqual({ kind: "nothing_registered" });
  nowMs += UNKNOWN_FOR_MS;
  const known = { kind: "known", descriptor: descriptor("cached") };
  expect(await cache.lookup(env, "cached")).toEqual(known);
  const next = await FakeNode.start({ nodeId: "cached", streams: [descriptor("other")] });
  expect(await cache.lookup(env, "cached")).toEqual(known);
  nowMs += KNOWN_FOR_MS;
  expect(await cache.lookup(env, "cached")).toEqual({ kind: "unknown" });
  await Promise.all(Array.from({ length: MAX_CACHED_STREAMS + 10 }, (_, index) => cache.lookup(env, `x${index}`)));
  expect(cache.size).toBe(MAX_CACHED_STREAMS);
  node.drop();
  next.drop();
});
