import { expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { SocketTickets } from "./socket-tickets.ts";

it("is good once, for its own session, and not for ever", () => {
  const clock = new VirtualClock();
  const tickets = new SocketTickets(clock, 1_000);
  const [first, second, late] = [tickets.mint("s_1"), tickets.mint("s_2"), tickets.mint("s_3")];
  expect(first).toMatch(/^[A-Za-z0-9_-]{32}$/);
  expect(tickets.take(second)).toBe("s_2");
  expect(tickets.take(second)).toBeUndefined();
  expect(tickets.take("nonsense")).toBeUndefined();
  clock.advance(999);
  expect(tickets.take(first)).toBe("s_1");
  clock.advance(1);
  expect(tickets.take(late)).toBeUndefined();
});

it("forgets those that nobody came with", () => {
  const clock = new VirtualClock();
  const tickets = new SocketTickets(clock, 1_000);
  const first = tickets.mint("s_0");
  for (let n = 1; n <= 10_000; n += 1) tickets.mint(`s_${n}`);
  expect(tickets.take(first)).toBeUndefined();
});
