import assert from "node:assert/strict";
import { test } from "node:test";
import { VideoFrame } from "edgertc";
import { brighten } from "./streams.ts";

test("brightens every channel, and stops at white", () => {
  const frame = new VideoFrame({
    data: Uint8Array.of(...new Array(12).fill(100)),
    width: 2,
    height: 2,
    timestampUs: 7,
  });
  const brighter = brighten(frame, 1.5);
  assert.deepEqual([...brighter.data], new Array(12).fill(150));
  assert.equal(brighter.timestampUs, 7);
  assert.deepEqual([...brighten(frame, 5).data], new Array(12).fill(255));
});
