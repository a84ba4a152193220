import { afterEach, expect, it } from "vitest";
import { closeClientsAndPeers, createPeer, offerOf, textClient } from "./testing/client-and-peer.ts";

afterEach(closeClientsAndPeers);

it("an offer whose data channel has no name in the bundle is the client's fault, and said to be", async () => {
  const sdp = await offerOf(textClient().connection);
  const nameless = sdp.replace(/a=mid:0\r\n/, "");
  expect(nameless).not.toBe(sdp);
  await expect(createPeer().answer(nameless, [])).rejects.toMatchObject({ code: "invalid_sdp" });
});
