/** The tunnel, by a stand-in that prints what cloudflared prints. */
import { describe, expect, it } from "vitest";
import { systemClock } from "../time/clock.ts";
import { startTunnel } from "./tunnel.ts";

const url = "http://127.0.0.1:8787";
const standIn = (script: string) => [process.execPath, "-e", script, "--"] as const;

describe("startTunnel", () => {
  it("reads the address that cloudflared prints, tells it the edge's, and stops it", async () => {
    const command = standIn(`
      console.error("INF Requesting new quick Tunnel on trycloudflare.com... " + process.argv.slice(1).join(" "));
      setTimeout(() => console.error("|  https://quiet-sea-1.trycloudflare.com  |"), 20);
      setInterval(() => {}, 1000);
    `);
    const tunnel = await startTunnel({ url, clock: systemClock, command });
    expect(tunnel.host).toBe("quiet-sea-1.trycloudflare.com");
    await tunnel.stop();
    await tunnel.ended;
  });

  it("says why where cloudflared ends, and where it is not installed", async () => {
    const command = standIn('console.error("ERR failed to request quick Tunnel"); process.exit(3);');
    await expect(startTunnel({ url, clock: systemClock, command })).rejects.toThrow(/ended with 3.*failed to request/s);
    const missing = ["/nonexistent/cloudflared"] as const;
    await expect(startTunnel({ url, clock: systemClock, command: missing })).rejects.toThrow("not installed");
  });
});
