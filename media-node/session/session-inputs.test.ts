import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { checkbox, secret, slider } from "../stream/inputs.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { SessionInputs } from "./session-inputs.ts";

const declared = { mirror: slider({ value: 0.3 }), loud: checkbox(), key: secret() };

describe("a session's inputs", () => {
  it("start at their defaults, and change by name", () => {
    const inputs = new SessionInputs(declared, new VirtualClock());
    expect(inputs.latest).toEqual({ mirror: 0.3, loud: false });
    inputs.set({ loud: true });
    inputs.set({ mirror: 0.5 });
    expect(inputs.latest).toEqual({ mirror: 0.5, loud: true });
  });

  it("give a secret by its name only: no log line, no copy, no JSON has it", () => {
    const inputs = new SessionInputs(declared, new VirtualClock());
    expect(inputs.latest["key"]).toBeUndefined();
    inputs.set({ key: "s3cret" });
    inputs.set({ loud: true });
    expect(inputs.latest["key"]).toBe("s3cret");
    const seen = [JSON.stringify(inputs.latest), inspect(inputs.latest), JSON.stringify({ ...inputs.latest })];
    for (const text of seen) expect(text).not.toContain("s3cret");
  });

  it("wake whoever waits for them, and not again until they are cleared and new ones come", async () => {
    const clock = new VirtualClock();
    const inputs = new SessionInputs(declared, clock);
    const waiting = inputs.next({ timeoutMs: null });
    inputs.set({ loud: true });
    await waiting;
    await inputs.next({ timeoutMs: null });
    inputs.clear();
    let settled = false;
    const again = inputs.next({ timeoutMs: 500 }).then(() => {
      settled = true;
    });
    await clock.advance(499);
    expect(settled).toBe(false);
    await clock.advance(1);
    await again;
  });

  it("let those go who wait, where the client turns out to send its inputs by itself, and later ones wait again", async () => {
    const clock = new VirtualClock();
    const inputs = new SessionInputs(declared, clock);
    const waiting = inputs.next({ timeoutMs: null });
    inputs.skip();
    await waiting;
    const again = inputs.next({ timeoutMs: 500 });
    expect(clock.pending).toBe(1);
    clock.advance(500);
    await again;
    expect(clock.pending).toBe(0);
  });

  it("let nobody wait past an abort or the session's end", async () => {
    const inputs = new SessionInputs(declared, new VirtualClock());
    const controller = new AbortController();
    const aborted = inputs.next({ signal: controller.signal, timeoutMs: null });
    controller.abort();
    await aborted;
    await inputs.next({ signal: controller.signal, timeoutMs: null });
    const ended = inputs.next({ timeoutMs: null });
    inputs.close();
    await ended;
  });
});
