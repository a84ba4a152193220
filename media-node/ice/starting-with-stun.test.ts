import { expect, it } from "vitest";
import { startingWithStun } from "./starting-with-stun.ts";

const turn = (...urls: string[]) => ({ urls, username: "u", credential: "c" });

it("names a TURN server as STUN server where the list has none: the UDP one, if there is one", () => {
  const tcp = "turn:a.example.com:80?transport=tcp";
  const udp = "turn:b.example.com:3478?transport=udp";
  expect(startingWithStun([turn(tcp, udp)])).toEqual([{ urls: "stun:b.example.com:3478" }, turn(tcp, udp)]);
  expect(startingWithStun([turn(tcp)])).toEqual([{ urls: "stun:a.example.com:80" }, turn(tcp)]);
});

it("leaves a list alone that has a STUN server, or nothing", () => {
  const list = [{ urls: "stun:s.example.com" }, turn("turn:b.example.com")];
  expect(startingWithStun(list)).toBe(list);
  expect(startingWithStun([])).toEqual([]);
});
