import { describe, expect, it } from "vitest";
import { type CandidatePair, classes, Message, methods, type Protocol } from "werift";
import { followNomination } from "./lite-nomination.ts";

const check = (nominates: boolean): Message => {
  const message = new Message(methods.BINDING, classes.REQUEST);
  if (nominates) message.setAttribute("USE-CANDIDATE", null);
  return message;
};
const [loopback, network] = [{ localIp: "127.0.0.1" }, { localIp: "192.0.2.1" }] as unknown as [Protocol, Protocol];
const pair = (protocol: Protocol, port: number): CandidatePair =>
  ({ protocol, remoteAddr: ["192.0.2.9", port] }) as unknown as CandidatePair;

describe("followNomination", () => {
  it("opens the first path with the first check, nominating or not", () => {
    const first = check(false);
    followNomination({ nominated: undefined, candidatePairs: [] }, first, ["192.0.2.9", 5], loopback);
    expect(first.attributesKeys).toContain("USE-CANDIDATE");
  });

  it("leaves later checks that nominate nothing alone", () => {
    const [one, two] = [pair(loopback, 5), pair(network, 5)];
    const connection = { nominated: one, candidatePairs: [one, two] };
    const later = check(false);
    followNomination(connection, later, ["192.0.2.9", 5], network);
    expect(later.attributesKeys).not.toContain("USE-CANDIDATE");
    expect(connection.nominated).toBe(one);
  });

  it("goes where the client nominates, as often as it changes its mind", () => {
    const [one, two] = [pair(loopback, 5), pair(network, 5)];
    const connection = { nominated: one, candidatePairs: [one, two] };
    followNomination(connection, check(true), ["192.0.2.9", 5], network);
    expect(connection.nominated).toBe(two);
    followNomination(connection, check(true), ["192.0.2.9", 6], network);
    expect(connection.nominated).toBe(two);
    followNomination(connection, check(true), ["192.0.2.9", 5], loopback);
    expect(connection.nominated).toBe(one);
  });
});
