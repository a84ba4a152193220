import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isPublicAddress } from "./address.ts";

it.each([
  "8.8.8.8",
  "1.1.1.1",
  "172.15.255.255",
  "172.32.0.1",
  "100.63.255.255",
  "100.128.0.1",
  "223.255.255.255",
  "2606:4700:4700::1111",
  "2a00:1450:4001:81b::200e",
  "::ffff:8.8.8.8",
  "64:ff9b::808:808",
  "2002:808:808::1",
])("%s is public", (address) => expect(isPublicAddress(address)).toBe(true));

it.each([
  "127.0.0.1",
  "127.255.0.1",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "198.19.0.1",
  "::",
  "::1",
  "fe80::1",
  "fc00::1",
  "fd12:3456::1",
  "ff02::1",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::ffff:a9fe:a9fe",
  "::127.0.0.1",
  "64:ff9b::a00:1",
  "64:ff9b:1::808:808",
  "2002:7f00:1::",
  "2002:c0a8:101::1",
  "2001:0:1::1",
  "fec0::1",
  "192.0.2.1",
  "2001:db8::1",
  "3fff:fff::1",
])("%s is not public", (address) => expect(isPublicAddress(address)).toBe(false));

it.each([
  "",
  "localhost",
  "metadata.google.internal",
  "127.1",
  "0x7f.0.0.1",
  "2130706433",
  "010.8.8.8",
  "8.8.8.8.8",
  "8.8.8.256",
  "1:2:3:4:5:6:7",
  "1::2::3",
  "2606:4700::1%eth0",
  "[2606:4700::1]",
  "::ffff:8.8.8",
  "2606:4700:::1",
  "12345::",
])("%s is no address, and so not public", (text) => expect(isPublicAddress(text)).toBe(false));

it("agrees with the operating system's reading of any address", () => {
  const ours = new BlockList();
  for (const [network, bits] of [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 3],
  ] as const) {
    ours.addSubnet(network, bits, "ipv4");
  }
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(isPublicAddress(address)).toBe(!ours.check(address, "ipv4"));
      // The same, mapped: however it is written.
      expect(isPublicAddress(`::ffff:${address}`)).toBe(!ours.check(address, "ipv4"));
    }),
    { numRuns: 2_000 },
  );
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.string({ maxLength: 30 })), (text) => {
      // Never public where it is no address at all.
      if (isIP(text) === 0) expect(isPublicAddress(text)).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});
