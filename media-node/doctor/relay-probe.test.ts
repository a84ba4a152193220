import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../time/clock.ts";
import { probeRelay } from "./relay-probe.ts";
import { parseIceUrl } from "./stun/ice-url.ts";
import { StunError, StunTimeout } from "./stun/stun-client.ts";
import { type FakeTurnFaults, FakeTurnServer } from "./testing/fake-turn-server.ts";

let server: FakeTurnServer | undefined;
afterEach(() => {
  server?.stop();
  server = undefined;
});

async function probe(faults: FakeTurnFaults = {}, credential?: string) {
  server = await FakeTurnServer.start(faults);
  const url = parseIceUrl(server.url);
  if (url === null) throw new Error("the fake has no URL");
  const { username } = server;
  const options = { server: url, username, credential: credential ?? server.credential };
  return await probeRelay({ ...options, bindAddress: "127.0.0.1", timeoutMs: 600, clock: systemClock });
}

describe("the relay probe", () => {
  it("has data relayed both ways, and gives the allocation back", async () => {
    expect(await probe()).toMatchObject({
      result: "relayed",
      relayed: { host: "127.0.0.1" },
      through: "socket",
      inboundOpen: true,
    });
    expect([server?.allocations, server?.released]).toEqual([0, 1]);
  });

  it("notices that nothing unasked for gets in, and relays all the same", async () => {
    expect(await probe({ closedInbound: true })).toMatchObject({ result: "relayed", inboundOpen: false });
  });

  it("tells an allocation that relays nothing from one that does", async () => {
    expect(await probe({ deaf: true })).toMatchObject({ result: "silent" });
    expect(server?.allocations).toBe(0);
  });

  it("says which address the relay will not talk to", async () => {
    const refuse = { method: "CREATE_PERMISSION", code: 403 } as const;
    expect(await probe({ refuse })).toMatchObject({ result: "peer_forbidden", peer: "127.0.0.1" });
  });

  it("passes on what the server refuses with: wrong credentials, a quota", async () => {
    await expect(probe({}, "wrong")).rejects.toSatisfy((error) => error instanceof StunError && error.code === 401);
    server?.stop();
    const quota = probe({ refuse: { method: "ALLOCATE", code: 486 } });
    await expect(quota).rejects.toSatisfy((error) => error instanceof StunError && error.code === 486);
  });

  it("gives up on a server that says nothing, and on one that does not know the password either", async () => {
    await expect(probe({ silent: true })).rejects.toBeInstanceOf(StunTimeout);
    server?.stop();
    await expect(probe({ forged: true })).rejects.toBeInstanceOf(StunTimeout);
  });
});

describe("ICE URLs", () => {
  it("have the defaults of their scheme", () => {
    expect(parseIceUrl("stun:stun.example.org")).toMatchObject({ kind: "stun", port: 3478, transport: "udp" });
    expect(parseIceUrl("turn:t.example.org:80?transport=tcp")).toMatchObject({
      kind: "turn",
      port: 80,
      transport: "tcp",
    });
    expect(parseIceUrl("turns:t.example.org?transport=tcp")).toMatchObject({ port: 5349, transport: "tls" });
    expect(parseIceUrl("TURN:192.0.2.1")).toMatchObject({ host: "192.0.2.1" });
  });

  it("that are none are not probed", () => {
    for (const url of ["", "http://x", "turn:", "turn:a b", "turns:x?transport=udp", "turn:x:port"]) {
      expect(parseIceUrl(url)).toBeNull();
    }
  });
});
