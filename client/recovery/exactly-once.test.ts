/**
 * Whatever the network does: no call is hung up by its own recovery, and no text of either side is lost, told twice or out of order.
 * The node is as webrtc-transport.ts has it, on a network that is moved at random, in virtual time.
 */
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { KeptTexts } from "../../shared/kept-texts.ts";
import { createCall } from "../call.ts";
import { descriptor } from "../testing/descriptor.ts";
import type { FakeConnection } from "../testing/fake-browser.ts";
import { closeFakeBrowser, openFakeBrowser, settle } from "../testing/in-fake-browser.ts";

const SESSION = { type: "session", data: { sid: "s_1", stream: "echo", timeLimitMs: null, elapsedMs: 0 } };

/** One connection, between both sides. */
interface Link {
  readonly connection: FakeConnection;
  readonly latencyMs: number;
  /** `cut`: nothing gets through any more, in either direction. */
  state: "connecting" | "up" | "cut" | "closed";
}

class World {
  readonly browser = openFakeBrowser();
  readonly heardByNode: string[] = [];
  readonly hungUp: string[] = [];
  readonly links: Link[] = [];
  network: "up" | "down" = "up";
  latencyMs = 40;
  #current: Link | undefined;
  #successor: Link | undefined;
  readonly #sent = new KeptTexts();
  #received = 0;

  constructor() {
    this.browser.reply = (url, body) => {
      if (this.network === "down") throw new TypeError("the network is down");
      if (url.includes("/sessions/")) return { state: "live" };
      const type: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "type") : undefined;
      if (type === "ice-candidate") return { status: "success" };
      this.#offered(type === "restart");
      return { sdp: "answer", type: "answer" };
    };
  }

  #offered(restart: boolean): void {
    const connection = this.browser.connections.at(-1);
    if (connection === undefined) throw new Error("nothing is offered");
    const link: Link = { connection, latencyMs: this.latencyMs, state: "connecting" };
    this.links.push(link);
    const close = connection.close.bind(connection);
    connection.close = () => {
      close();
      this.#closed(link);
    };
    connection.channel.send = (text) => this.#across(link, () => this.#hear(link, text));
    if (restart) {
      if (this.#successor !== undefined) this.#successor.state = "closed";
      this.#successor = link;
    } else this.#current = link;
    setTimeout(() => {
      if (link.state !== "connecting") return;
      link.state = "up";
      connection.connect();
    }, 3 * link.latencyMs);
  }

  /** What is done on the other side, unless the link is gone by then. */
  #across(link: Link, arrive: () => void): void {
    setTimeout(() => link.state === "up" && arrive(), link.latencyMs);
  }

  #hear(link: Link, text: string): void {
    if (link === this.#successor) this.#succeed(link, text);
    else if (link === this.#current) {
      this.#received += 1;
      if (text.includes("hello")) this.say(JSON.stringify(SESSION));
      else this.heardByNode.push(text);
    }
  }

  #succeed(link: Link, text: string): void {
    const { received } = JSON.parse(text) as { received: number };
    const former = this.#current;
    this.#current = link;
    this.#successor = undefined;
    const missed = this.#sent.after(received);
    const resumed = { received: this.#received, sent: this.#sent.count - missed.length };
    this.#tell(link, JSON.stringify({ type: "resumed", data: resumed }));
    for (const one of missed) this.#tell(link, one);
    if (former !== undefined) this.#across(former, () => this.#cut(former));
  }

  #tell(link: Link, text: string): void {
    this.#across(link, () => link.connection.receive(text));
  }

  #closed(link: Link): void {
    const was = link.state;
    link.state = "closed";
    if (link === this.#current && was === "up") this.hungUp.push("the connection that carries the session was closed");
  }

  #cut(link: Link): void {
    if (link.state === "closed") return;
    link.state = "cut";
    link.connection.flows = false;
  }

  /** The node says something. */
  say(text: string): void {
    this.#sent.add(text);
    if (this.#current !== undefined) this.#tell(this.#current, text);
  }

  /** Whatever was open is not any more. */
  change(): void {
    for (const link of this.links) this.#cut(link);
  }
}

const happening = fc.oneof(
  fc.constant("node says" as const),
  fc.constant("client says" as const),
  fc.constant("node says" as const),
  fc.constant("other network" as const),
  fc.constant("false alarm" as const),
  fc.constant("down and up" as const),
);
const step = fc.record({ happening, waitMs: fc.nat(500), latencyMs: fc.integer({ min: 2, max: 250 }) });

/** More with EDGERTC_NETWORK_RUNS: 1200 take half a minute. */
const RUNS = Number(process.env["EDGERTC_NETWORK_RUNS"] ?? 60);

it("whatever the network does, each text comes once, in order, and nobody is hung up", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const world = new World();
      const call = createCall({ stream: "echo", descriptor, transport: "webrtc" });
      try {
        const heard: string[] = [];
        call.on("message", ({ text, message }) => message === null && heard.push(text));
        call.start().catch(() => null);
        await settle();
        await vi.advanceTimersByTimeAsync(1_000);
        expect(call.info.sid).toBe("s_1");
        const [byNode, byClient]: [string[], string[]] = [[], []];
        for (const { happening: what, waitMs, latencyMs } of steps) {
          world.latencyMs = latencyMs;
          switch (what) {
            case "node says":
              byNode.push(`n${byNode.length}`);
              world.say(byNode.at(-1) ?? "");
              break;
            case "client says": {
              const text = `c${byClient.length}`;
              // While nothing is open it is told so, and says it again if it likes.
              try {
                call.send(text);
                byClient.push(text);
              } catch {
                expect(call.state.name).toBe("interrupted");
              }
              break;
            }
            case "other network":
              world.change();
              break;
            case "false alarm":
              world.browser.page.dispatchEvent(new Event("online"));
              break;
            case "down and up":
              world.change();
              world.network = "down";
              await vi.advanceTimersByTimeAsync(700);
              world.network = "up";
              world.browser.page.dispatchEvent(new Event("online"));
          }
          await vi.advanceTimersByTimeAsync(waitMs);
        }
        await vi.advanceTimersByTimeAsync(15_000);
        expect([call.state.name, world.hungUp]).toEqual(["connected", []]);
        expect(heard).toEqual(byNode);
        expect(world.heardByNode).toEqual(byClient);
        await call.end();
      } finally {
        await call.end();
        await vi.advanceTimersByTimeAsync(5_000);
        closeFakeBrowser();
      }
    }),
    { numRuns: RUNS },
  );
});
