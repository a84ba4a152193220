import { expect, it } from "vitest";
import { placeOf } from "./place.ts";
import { post, SDP } from "./testing/client.ts";
import { descriptor, FakeNode } from "./testing/fake-node.ts";

it("reads what the platform says of a request, and nothing else", () => {
  expect(placeOf({ latitude: "38.70000", longitude: "-9.10000", country: "PT" })).toEqual({
    latitude: 38.7,
    longitude: -9.1,
  });
  for (const cf of [
    undefined,
    null,
    {},
    { latitude: "38.7" },
    { latitude: "91", longitude: "0" },
    { latitude: "x", longitude: "1" },
  ]) {
    expect(placeOf(cf)).toBeUndefined();
  }
});

it("a call goes to the nearest of nodes that are as busy as each other", async () => {
  const streams = [descriptor("near", { concurrencyLimit: 9 })];
  const paris = await FakeNode.start({ nodeId: "paris", streams, cf: { latitude: "48.9", longitude: "2.4" } });
  const tokyo = await FakeNode.start({ nodeId: "tokyo", streams, cf: { latitude: "35.7", longitude: "139.7" } });
  const call = (webrtcId: string, latitude: string, longitude: string) =>
    post("near", { sdp: SDP, type: "offer", webrtc_id: webrtcId }, { cf: { latitude, longitude } });
  expect((await call("seoul", "37.6", "127.0")).json).toMatchObject({ type: "answer" });
  expect((await call("lisbon", "38.7", "-9.1")).json).toMatchObject({ type: "answer" });
  expect((await call("madrid", "40.4", "-3.7")).json).toMatchObject({ type: "answer" });
  expect(tokyo.sessions.map(({ clientId }) => clientId)).toEqual(["seoul"]);
  expect(paris.sessions.map(({ clientId }) => clientId)).toEqual(["lisbon", "madrid"]);
  for (const node of [paris, tokyo]) node.drop();
});
