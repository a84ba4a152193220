import { describe, expect, it } from "vitest";
import { defaultPrivateCandidates, isWelcome, withWelcomeCandidates } from "./candidate-filter.ts";

const line = (address: string, type = "host"): string =>
  `candidate:1 1 udp 2113937151 ${address} 54321 typ ${type} generation 0 ufrag abcd`;

describe("a client's candidate", () => {
  it.each(["8.8.8.8", "2606:4700::1111"])("with a public address (%s) is always welcome", (address) => {
    expect([isWelcome(line(address), "refuse"), isWelcome(line(address, "relay"), "accept")]).toEqual([true, true]);
  });

  it.each([
    "127.0.0.1",
    "10.0.0.5",
    "192.168.0.1",
    "169.254.169.254",
    "::1",
    "::ffff:10.0.0.5",
    "fd00::1",
    "224.0.0.1",
  ])("with an address that is not (%s) is not, on a public node", (address) => {
    for (const type of ["host", "srflx", "relay"]) expect(isWelcome(line(address, type), "refuse")).toBe(false);
    expect(isWelcome(line(address), "accept")).toBe(true);
  });

  it.each(["4f2c.local", "metadata.google.internal", "localhost", "127.1", "0x7f.1", "2130706433", ""])(
    "with a name, or what only some programs take for an address (%s), is welcome nowhere",
    (address) => {
      expect([isWelcome(line(address), "accept"), isWelcome(line(address), "refuse")]).toEqual([false, false]);
    },
  );

  it("is nothing without an address", () => {
    expect(isWelcome("candidate:1", "accept")).toBe(false);
    expect(isWelcome("", "accept")).toBe(false);
  });
});

it("an offer keeps its other lines, whatever candidates are taken out of it", () => {
  const lines = (...candidates: string[]) =>
    ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111", ...candidates.map((text) => `a=${text}`), "a=mid:0", ""].join("\r\n");
  const sdp = lines(line("192.168.0.2"), line("8.8.8.8", "srflx"), line("x.local"), line("127.0.0.1"));
  expect(withWelcomeCandidates(sdp, "refuse")).toBe(lines(line("8.8.8.8", "srflx")));
  expect(withWelcomeCandidates(sdp, "accept")).toBe(
    lines(line("192.168.0.2"), line("8.8.8.8", "srflx"), line("127.0.0.1")),
  );
  expect(withWelcomeCandidates(sdp.replaceAll("\r\n", "\n"), "refuse")).toBe(
    lines(line("8.8.8.8", "srflx")).replaceAll("\r\n", "\n"),
  );
  expect(withWelcomeCandidates(lines(), "refuse")).toBe(lines());
});

it("an offer that has lost candidates does not say that these were all", () => {
  const end = "a=end-of-candidates\r\n";
  expect(withWelcomeCandidates(`a=${line("10.0.0.1")}\r\n${end}`, "refuse")).toBe("");
  expect(withWelcomeCandidates(`a=${line("8.8.8.8")}\r\n${end}`, "refuse")).toContain(end);
});

it("a node refuses private candidates where strangers can reach it, and takes them where all is private", () => {
  const own = ["127.0.0.1", "192.168.0.5", "fe80::1"];
  expect(defaultPrivateCandidates({ addresses: own, publicEdge: false })).toBe("accept");
  expect(defaultPrivateCandidates({ addresses: own, publicEdge: true })).toBe("refuse");
  expect(defaultPrivateCandidates({ addresses: [...own, "8.8.4.4"], publicEdge: false })).toBe("refuse");
});
