import { afterEach, describe, expect, it, vi } from "vitest";
import { Emitter } from "./emitter.ts";

afterEach(() => vi.unstubAllGlobals());

describe("an emitter", () => {
  it("calls every listener until it is taken off", () => {
    const emitter = new Emitter<{ count: number }>();
    const heard: number[] = [];
    const off = emitter.on("count", (n) => heard.push(n));
    emitter.emit("count", 1);
    expect(emitter.has("count")).toBe(true);
    off();
    off();
    emitter.emit("count", 2);
    expect(heard).toEqual([1]);
    expect(emitter.has("count")).toBe(false);
  });

  it("reports a listener that throws and goes on with the next", () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    const emitter = new Emitter<{ count: number }>();
    const heard: number[] = [];
    const boom = new Error("boom");
    emitter.on("count", () => {
      throw boom;
    });
    emitter.on("count", (n) => heard.push(n));
    emitter.emit("count", 1);
    expect(heard).toEqual([1]);
    expect(reported).toHaveBeenCalledWith(boom);
  });

  it("still calls the listeners that one of them takes off while it is called", () => {
    const emitter = new Emitter<{ count: number }>();
    const heard: string[] = [];
    const offs: (() => void)[] = [];
    offs.push(emitter.on("count", () => offs.forEach((off) => void off())));
    offs.push(emitter.on("count", () => heard.push("second")));
    emitter.emit("count", 1);
    emitter.emit("count", 2);
    expect(heard).toEqual(["second"]);
  });
});
