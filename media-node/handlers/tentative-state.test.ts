import { describe, expect, it } from "vitest";
import { TentativeState } from "./tentative-state.ts";

const caller = () => new Map<string, unknown>([["name", "Ann"]]);

describe("TentativeState", () => {
  it("shows a run what it has set, and the caller nothing of it before the run counts", () => {
    const state = caller();
    const run = new TentativeState(state);
    run.set("name", "Bob").set("city", "Rome");
    expect([...run]).toEqual([
      ["name", "Bob"],
      ["city", "Rome"],
    ]);
    expect([run.get("name"), run.has("city"), run.size]).toEqual(["Bob", true, 2]);
    expect([...state]).toEqual([["name", "Ann"]]);
    run.keep();
    expect([...state]).toEqual([...run]);
  });

  it("sees what is set elsewhere meanwhile, and overwrites none of it but what it has set itself", () => {
    const state = caller();
    const run = new TentativeState(state);
    run.set("name", "Bob");
    state.set("typed", true);
    expect(run.get("typed")).toBe(true);
    run.keep();
    expect([...state]).toEqual([
      ["name", "Bob"],
      ["typed", true],
    ]);
  });

  it("deletes and clears for itself only, until it counts", () => {
    const state = caller();
    const run = new TentativeState(state);
    expect(run.delete("name")).toBe(true);
    expect(run.delete("name")).toBe(false);
    expect([run.has("name"), run.get("name"), run.size]).toEqual([false, undefined, 0]);
    run.set("city", "Rome");
    run.clear();
    expect([[...run.keys()], [...run.values()]]).toEqual([[], []]);
    expect(state.get("name")).toBe("Ann");
    run.keep();
    expect(state.size).toBe(0);
  });

  it("is the caller's state once it counts", () => {
    const state = caller();
    const run = new TentativeState(state);
    run.keep();
    run.set("city", "Rome");
    run.delete("name");
    const seen: string[] = [];
    run.forEach((value, key) => {
      seen.push(`${key} ${value}`);
    });
    expect([[...state], seen]).toEqual([[["city", "Rome"]], ["city Rome"]]);
  });
});
