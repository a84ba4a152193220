import { expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { NodeLife } from "./node-life.ts";

/** A node with sessions that end when told to, unless they are stuck. */
function nodeWith(sessions: number, stuck = false) {
  const clock = new VirtualClock();
  const done: string[] = [];
  const node = { clock, done, sessions, ended: false };
  const life = new NodeLife({
    clock,
    log: { info: () => undefined },
    sessions: () => node.sessions,
    refuseSessions: () => void done.push("refuse"),
    endSessions: () => {
      done.push("end");
      if (!stuck) node.sessions = 0;
    },
    close: async () => void done.push("close"),
  });
  life.ended.then(
    () => {
      node.ended = true;
    },
    () => undefined,
  );
  const oneEnds = (): void => {
    node.sessions -= 1;
    life.sessionsChanged();
  };
  return { ...node, node, life, oneEnds };
}

it("drains: running sessions finish, and with the last one it ends", async () => {
  const { life, node, clock, done, oneEnds } = nodeWith(2);
  life.drain(60_000);
  await clock.advanceAsync(59_000);
  oneEnds();
  expect(done).toEqual(["refuse"]);
  oneEnds();
  await clock.advanceAsync(0);
  expect(done).toEqual(["refuse", "close"]);
  expect(node.ended).toBe(true);
  expect(clock.pending).toBe(0);
});

it("ends what is left at the deadline", async () => {
  const { life, node, clock, done } = nodeWith(2);
  life.drain(60_000);
  await clock.advanceAsync(59_999);
  expect(done).toEqual(["refuse"]);
  await clock.advanceAsync(1);
  expect(done).toEqual(["refuse", "end"]);
  life.sessionsChanged();
  await clock.advanceAsync(0);
  expect(node.ended).toBe(true);
});

it("hurries when told a second time", async () => {
  const { life, node, clock, done } = nodeWith(1);
  life.drain(60_000);
  life.hurry();
  await clock.advanceAsync(0);
  expect(done).toEqual(["refuse", "end", "close"]);
  expect(node.ended).toBe(true);
  expect(clock.pending).toBe(0);
});

it("does not wait for sessions that will not end", async () => {
  const { life, node, clock, done } = nodeWith(1, true);
  life.hurry();
  await clock.advanceAsync(1_999);
  expect(done).toEqual(["refuse", "end"]);
  await clock.advanceAsync(1);
  expect(node.ended).toBe(true);
});

it("with nothing to finish ends at once", async () => {
  const { life, node, clock } = nodeWith(0);
  life.drain(60_000);
  await clock.advanceAsync(0);
  expect(node.ended).toBe(true);
  expect(clock.pending).toBe(0);
});

it("says so where it cannot be shut down", async () => {
  const life = new NodeLife({
    clock: new VirtualClock(),
    log: { info: () => undefined },
    sessions: () => 0,
    refuseSessions: () => undefined,
    endSessions: () => undefined,
    close: () => Promise.reject(new Error("stuck")),
  });
  life.drain(0);
  await expect(life.ended).rejects.toThrow("stuck");
});
