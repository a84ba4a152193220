import { env as worker } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { recordEnd, recordOffer } from "./analytics.ts";

describe("analytics", () => {
  it("are one point per offer and one per end, in columns that stay where they are", () => {
    const points: unknown[] = [];
    const env = { ANALYTICS: { writeDataPoint: (point?: AnalyticsEngineDataPoint) => void points.push(point) } };
    recordOffer(env, { stream: "echo", outcome: "answered", tookMs: 31, cf: { country: "DE", colo: "FRA" } });
    recordOffer(env, { stream: "echo", outcome: "node_full", tookMs: 4, cf: undefined });
    recordEnd(env, { stream: "echo", reason: "client_closed", nodeId: "fra-1", lastedMs: 61_000 });
    expect(points).toEqual([
      { indexes: ["echo"], blobs: ["offer", "answered", "DE", "FRA"], doubles: [31] },
      { indexes: ["echo"], blobs: ["offer", "node_full", "", ""], doubles: [4] },
      { indexes: ["echo"], blobs: ["end", "client_closed", "fra-1", ""], doubles: [61_000] },
    ]);
  });

  it("are written through the platform's own binding, which the tests of calls run with, too", () => {
    expect(worker.ANALYTICS).toBeDefined();
    const point = { stream: "echo", outcome: "answered", tookMs: 1, cf: undefined };
    recordOffer(worker, point);
  });

  it("never stand in a call's way: without the binding, or when the platform has had enough", () => {
    const point = { stream: "echo", outcome: "answered", tookMs: 1, cf: undefined };
    recordOffer({}, point);
    const full = {
      writeDataPoint: () => {
        throw new Error("too many data points");
      },
    };
    expect(() => recordOffer({ ANALYTICS: full }, point)).not.toThrow();
  });
});
