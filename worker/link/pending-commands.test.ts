import { describe, expect, it } from "vitest";
import type { Command } from "../../shared/link.ts";
import { COMMAND_DEADLINE_MS } from "../deadlines.ts";
import { MAX_PENDING_COMMANDS, PendingCommands } from "./pending-commands.ts";

/** Timers that fire when the test says so. */
function timers() {
  const waiting = new Map<symbol, { run: () => void; delayMs: number }>();
  const schedule = (run: () => void, delayMs: number) => {
    const key = Symbol();
    waiting.set(key, { run, delayMs });
    return () => void waiting.delete(key);
  };
  const fire = () => {
    for (const [key, { run }] of [...waiting]) {
      waiting.delete(key);
      run();
    }
  };
  return { waiting, schedule, fire };
}

const sid = `s_${"0".repeat(32)}`;
const end = (id: string): Command => ({ id, command: "end", sid, stream: "a", clientId: "c", reason: "ended_by_edge" });
const offer = (id: string): Command => ({ ...end(id), command: "offer", sdp: "v=0", candidates: [] }) as Command;

describe("a command", () => {
  it("is settled by its reply, and its deadline goes with it", async () => {
    const { waiting, schedule } = timers();
    const pending = new PendingCommands(schedule);
    const result = pending.run(end("1"), () => true);
    expect([...waiting.values()].map(({ delayMs }) => delayMs)).toEqual([COMMAND_DEADLINE_MS]);
    pending.reply({ id: "1", ok: true });
    expect(await result).toEqual({ ok: true });
    expect(waiting.size).toBe(0);
  });

  it("is sent once for all who ask for the same id", async () => {
    const pending = new PendingCommands(timers().schedule);
    let sent = 0;
    const send = () => {
      sent += 1;
      return true;
    };
    const results = [pending.run(end("1"), send), pending.run(end("1"), send)];
    pending.reply({ id: "1", ok: false, error: "connection_closed" });
    expect(await Promise.all(results)).toEqual(Array(2).fill({ ok: false, error: "connection_closed", sent: true }));
    expect(sent).toBe(1);
  });

  it("fails at its deadline and says whether the node may have seen it", async () => {
    const { schedule, fire } = timers();
    const pending = new PendingCommands(schedule);
    const results = [pending.run(end("1"), () => true), pending.run(end("2"), () => false)];
    fire();
    expect(await Promise.all(results)).toEqual([
      { ok: false, error: "edge_timeout", sent: true },
      { ok: false, error: "edge_timeout", sent: false },
    ]);
  });

  it("is sent again after a redial", async () => {
    const pending = new PendingCommands(timers().schedule);
    const result = pending.run(end("1"), () => false);
    const sent: string[] = [];
    pending.resend((command) => sent.push(command.id) > 0);
    pending.abandon();
    expect(sent).toEqual(["1"]);
    expect(await result).toMatchObject({ error: "node_unreachable", sent: true });
  });

  it("that is an offer nobody saw does not wait for a node that is away", async () => {
    const { waiting, schedule } = timers();
    const pending = new PendingCommands(schedule);
    const unseen = pending.run(offer("1"), () => false);
    void pending.run(offer("2"), () => true);
    void pending.run(end("3"), () => false);
    pending.abandonUnsentOffers();
    expect(await unseen).toEqual({ ok: false, error: "node_unreachable", sent: false });
    expect(waiting.size).toBe(2);
    pending.abandon();
    expect(waiting.size).toBe(0);
  });

  it("is refused when too many wait already", async () => {
    const pending = new PendingCommands(timers().schedule);
    for (let id = 0; id < MAX_PENDING_COMMANDS; id += 1) void pending.run(end(`${id}`), () => true);
    expect(await pending.run(end("more"), () => true)).toMatchObject({ error: "node_full", sent: false });
    pending.abandon();
  });
});
