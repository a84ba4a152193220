import { afterEach, describe, expect, it, vi } from "vitest";
import { Signaling } from "./signaling.ts";

afterEach(() => vi.unstubAllGlobals());

/** An edge that gives one reply to everything, and what it was asked. */
function edge(reply: () => Response | Promise<Response>) {
  const asked: { url: string; method: string; body: unknown }[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push({ url, method: init.method ?? "GET", body: init.body ? JSON.parse(String(init.body)) : null });
    init.signal?.throwIfAborted();
    return await reply();
  });
  const abort = new AbortController();
  return { asked, abort, signaling: new Signaling("", "echo", "me", abort.signal) };
}

const descriptor = {
  name: "echo",
  modality: "audio",
  mode: "send-receive",
  concurrencyLimit: 1,
  timeLimit: null,
  allowExtraTracks: false,
  rtcConfiguration: null,
  trackConstraints: null,
  ui: { title: "Echo" },
  build: 1,
};

describe("signaling", () => {
  it("sends the offer in FastRTC's shape and gives back the answer", async () => {
    const { asked, signaling } = edge(() => Response.json({ sdp: "v=0 answer", type: "answer" }));
    expect(await signaling.offer("v=0 offer")).toBe("v=0 answer");
    expect(asked).toEqual([
      { url: "/echo/webrtc/offer", method: "POST", body: { sdp: "v=0 offer", type: "offer", webrtc_id: "me" } },
    ]);
  });

  it("sends a token with the offer, and the session's secret with what it asks afterwards", async () => {
    const sent: (RequestInit | undefined)[] = [];
    vi.stubGlobal("fetch", async (_: string, init?: RequestInit) => {
      sent.push(init);
      return Response.json({ sdp: "v=0", type: "answer", session_secret: "s_1.2", state: "ended", reason: "failed" });
    });
    const { signal } = new AbortController();
    const signaling = new Signaling("", "echo", "me", signal, async () => "a token");
    await signaling.offer("v=0");
    expect(await signaling.endReason()).toBe("failed");
    expect(JSON.parse(String(sent[0]?.body))).toMatchObject({ token: "a token" });
    expect(sent[1]?.headers).toEqual({ authorization: "Bearer s_1.2" });
  });

  it("turns FastRTC's refusal into an error that explains itself", async () => {
    const meta = { error: "concurrency_limit_reached", limit: 3 };
    const { signaling } = edge(() => Response.json({ status: "failed", meta }));
    await expect(signaling.offer("v=0")).rejects.toMatchObject({
      code: "concurrency_limit_reached",
      message: "All lines are busy.",
      limit: 3,
      retryable: true,
    });
  });

  it("reads a refusal whatever its HTTP status is", async () => {
    const body = { status: "failed", meta: { error: "unknown_stream", message: "no echo here" } };
    const { signaling } = edge(() => Response.json(body, { status: 404 }));
    await expect(signaling.descriptor()).rejects.toMatchObject({ code: "unknown_stream", message: "no echo here" });
  });

  it("takes a descriptor with more in it than it knows", async () => {
    const { asked, signaling } = edge(() => Response.json({ ...descriptor, protocol: 1 }));
    expect((await signaling.descriptor()).ui.title).toBe("Echo");
    expect(asked[0]).toMatchObject({ url: "/echo/config", method: "GET" });
  });

  it("tells a reply of something else from an edge that cannot be reached", async () => {
    await expect(edge(() => Response.json({ hello: 1 })).signaling.offer("v=0")).rejects.toMatchObject({
      code: "invalid_reply",
    });
    await expect(edge(() => new Response("<html>")).signaling.offer("v=0")).rejects.toMatchObject({
      code: "edge_unreachable",
    });
    await expect(edge(() => Promise.reject(new TypeError("offline"))).signaling.offer("v=0")).rejects.toMatchObject({
      code: "edge_unreachable",
    });
  });

  it("gives Firefox's short candidates the fields that FastRTC counts", async () => {
    const { asked, signaling } = edge(() => Response.json({ status: "success" }));
    const short = "candidate:0 1 UDP 2122252543 192.0.2.7 51234 typ host";
    const long = "candidate:1 1 udp 2113937151 192.0.2.7 5 typ host generation 0 ufrag a network-cost 999";
    await signaling.candidate({ candidate: short, sdpMid: "0", sdpMLineIndex: 0 });
    await signaling.candidate({ candidate: long, sdpMid: "0" });
    expect(asked.map((request) => request.body)).toMatchObject([
      { type: "ice-candidate", webrtc_id: "me", candidate: { candidate: `${short} generation 0`, sdpMid: "0" } },
      { candidate: { candidate: long } },
    ]);
  });

  it("never fails a call over a candidate", async () => {
    const { signaling } = edge(() => Promise.reject(new TypeError("offline")));
    expect(await signaling.candidate({ candidate: "candidate:0" })).toBe(false);
  });

  it("asks why a session ended, and takes no answer for none", async () => {
    const ended = edge(() => Response.json({ state: "ended", reason: "node_lost" }));
    expect(await ended.signaling.endReason()).toBe("node_lost");
    expect(ended.asked[0]?.url).toBe("/echo/sessions/me");
    expect(await edge(() => Response.json({ state: "live" })).signaling.endReason()).toBeNull();
    expect(await edge(() => Promise.reject(new TypeError("offline"))).signaling.endReason()).toBeNull();
  });

  it("is aborted with the call", async () => {
    const { abort, signaling } = edge(() => Response.json(descriptor));
    abort.abort();
    await expect(signaling.descriptor()).rejects.toMatchObject({ code: "edge_unreachable" });
  });
});
