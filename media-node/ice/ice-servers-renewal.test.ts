import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { failedBody } from "../../shared/errors.ts";
import type { IceServers, NodeIceServersReply } from "../../shared/turn.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { IceServersRenewal } from "./ice-servers-renewal.ts";

const server = (username: string): IceServers => [{ urls: "turn:turn.example.com", username, credential: "c" }];
const reply = (iceServers: IceServers, ttlSeconds: number | null = 3_600): NodeIceServersReply => ({
  protocol: 1,
  iceServers,
  ttlSeconds,
  clientsHaveTurn: true,
});

const HOUR_MS = 3_600_000;

let clock: VirtualClock;
let answer: () => Response | Promise<Response>;
let requests: { readonly url: string; readonly headers: Headers }[];
let given: IceServers[];
let clientsHaveTurn: boolean[];
let errors: object[];
let renewal: IceServersRenewal;

const make = (edgeUrl = "http://edge.example.com") =>
  new IceServersRenewal({
    edgeUrl,
    credentials: { authorization: async (path) => `Bearer ${path}`, edgeTimeIs: () => undefined },
    nodeId: "node-1",
    clock,
    onServers: (servers) => given.push(servers),
    onClientsHaveTurn: (there) => clientsHaveTurn.push(there),
    log: { info: () => undefined, error: (fields) => errors.push(fields) },
    fetch: async (input, init) => {
      requests.push({ url: String(input), headers: new Headers(init?.headers) });
      return await answer();
    },
  });

beforeEach(() => {
  clock = new VirtualClock();
  [requests, given, clientsHaveTurn, errors] = [[], [], [], []];
  renewal = make();
});
afterEach(() => {
  renewal.stop();
  expect(clock.pending).toBe(0);
});

describe("a node's ICE servers", () => {
  it("are asked for with a token and the node's name, under the edge's own path", async () => {
    answer = () => Response.json(reply(server("a")));
    await renewal.start();
    expect(requests[0]?.url).toBe("http://edge.example.com/node/ice-servers");
    expect(requests[0]?.headers.get("authorization")).toBe("Bearer /node/ice-servers");
    expect(requests[0]?.headers.get("x-edgertc-node")).toBe("node-1");
    expect([given, clientsHaveTurn]).toEqual([[server("a")], [true]]);
    const mounted = make("https://edge.example.com/voice/");
    await mounted.start();
    mounted.stop();
    expect(requests[1]?.url).toBe("https://edge.example.com/voice/node/ice-servers");
  });

  it("are renewed at half of their life, again and again", async () => {
    let count = 0;
    answer = () => Response.json(reply(server(`u${++count}`)));
    await renewal.start();
    await clock.advanceAsync(HOUR_MS / 2 - 1);
    expect(given).toHaveLength(1);
    await clock.advanceAsync(1);
    expect(given.at(-1)).toEqual(server("u2"));
    await clock.advanceAsync(10 * HOUR_MS);
    expect(given).toHaveLength(22);
  });

  it("stay in use while the edge or its provider fails, until they expire; then there are none, then new ones", async () => {
    answer = () => Response.json(reply(server("a")));
    await renewal.start();
    answer = () => Response.json(failedBody("turn_unavailable", "Twilio answered 500."), { status: 503 });
    await clock.advanceAsync(HOUR_MS - 1);
    expect(given).toEqual([server("a")]);
    expect(errors.length).toBeGreaterThan(20);
    expect(errors[0]).toMatchObject({ err: new Error("Twilio answered 500.") });
    await clock.advanceAsync(1);
    expect(given).toEqual([server("a"), []]);
    answer = () => Response.json(reply(server("b")));
    await clock.advanceAsync(60_000);
    expect(given.at(-1)).toEqual(server("b"));
  });

  it("are asked for less and less often while it fails, at least once a minute", async () => {
    answer = () => Promise.reject(new TypeError("fetch failed"));
    await renewal.start();
    const at: number[] = [];
    for (let seconds = 1; seconds <= 300; seconds += 1) {
      const before = requests.length;
      await clock.advanceAsync(1_000);
      if (requests.length > before) at.push(seconds);
    }
    expect(at).toEqual([1, 3, 7, 15, 31, 63, 123, 183, 243]);
  });

  it.each([
    ["no JSON", () => new Response("<html>")],
    ["another shape", () => Response.json({ iceServers: "turn:a" })],
    ["a wrong secret", () => Response.json(failedBody("node_unauthorized"), { status: 401 })],
  ])("survive %s", async (_, bad) => {
    answer = bad;
    await renewal.start();
    expect([given, errors.length]).toEqual([[], 1]);
    answer = () => Response.json(reply(server("a")));
    await clock.advanceAsync(1_000);
    expect(given).toEqual([server("a")]);
  });

  it("are none where the edge gives none, or is of a release that does not know the question; it is asked again", async () => {
    answer = () => Response.json(reply([], null));
    await renewal.start();
    answer = () => Response.json(failedBody("not_found"), { status: 404 });
    await clock.advanceAsync(10 * 60_000);
    expect([given, errors, clientsHaveTurn]).toEqual([[], [], [true, false]]);
    answer = () => Response.json(reply(server("a")));
    await clock.advanceAsync(10 * 60_000);
    expect(given).toEqual([server("a")]);
  });

  it("are not asked for after the end, also when it comes in the middle of a request", async () => {
    const late = Promise.withResolvers<Response>();
    answer = () => late.promise;
    const started = renewal.start();
    renewal.stop();
    late.resolve(Response.json(reply(server("a"))));
    await started;
    expect([given, errors, clock.pending]).toEqual([[], [], 0]);
  });
});
