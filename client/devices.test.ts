import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createCall } from "./call.ts";
import { watchDevices } from "./devices.ts";
import { descriptor } from "./testing/descriptor.ts";
import type { FakeBrowser } from "./testing/fake-browser.ts";
import { closeFakeBrowser, openFakeBrowser } from "./testing/in-fake-browser.ts";

let browser: FakeBrowser;

beforeEach(() => {
  browser = openFakeBrowser();
});
afterEach(closeFakeBrowser);

const settle = () => vi.advanceTimersByTimeAsync(0);

/** As many devices as a test has plugged in. */
class FakeDevices extends EventTarget {
  devices: object[] = [];
  plug(...devices: object[]): void {
    this.devices = devices;
    this.dispatchEvent(new Event("devicechange"));
  }
  async enumerateDevices(): Promise<object[]> {
    return await Promise.resolve(this.devices);
  }
}

it("tells the devices of a kind that have a name, at once and whenever that changes", async () => {
  const media = new FakeDevices();
  vi.stubGlobal("navigator", { mediaDevices: media });
  const told: string[][] = [];
  const off = watchDevices("audioinput", (devices) => told.push(devices.map(({ label }) => label)));
  await settle();
  media.plug(
    { kind: "audioinput", deviceId: "default", label: "Default - Headset" },
    { kind: "audioinput", deviceId: "a", label: "Headset" },
    { kind: "audioinput", deviceId: "b", label: "" },
    { kind: "videoinput", deviceId: "c", label: "Camera" },
  );
  await settle();
  off();
  media.plug();
  await settle();
  expect(told).toEqual([[], ["Headset"]]);
});

it("tells nothing where there is no browser", () => {
  vi.stubGlobal("navigator", undefined);
  watchDevices("audioinput", () => expect.unreachable())();
});

it("a microphone that is unplugged gives way to what the system has in its place", async () => {
  const call = createCall({ descriptor });
  const errors: string[] = [];
  call.on("error", ({ code }) => errors.push(code));
  call.start().catch(() => null);
  await settle();
  browser.connections[0]?.connect();
  await settle();
  browser.tracks[0]?.dispatchEvent(new Event("ended"));
  await settle();
  expect(errors).toEqual(["microphone_lost"]);
  expect(browser.connections[0]?.replaced).toEqual([browser.tracks[1]]);
  expect(browser.tracks.map(({ stopped }) => stopped)).toEqual([true, false]);
  await call.end();
});

it("sound that the browser holds back plays with the next click on the page", async () => {
  const call = createCall({ descriptor });
  const errors: string[] = [];
  call.on("error", ({ code }) => errors.push(code));
  call.start().catch(() => null);
  await settle();
  const [player] = browser.players;
  if (player === undefined) throw new Error("nothing would play");
  player.blocked = true;
  browser.connections[0]?.connect();
  browser.connections[0]?.hear();
  await settle();
  expect([errors, player.plays]).toEqual([["autoplay_blocked"], 0]);
  player.blocked = false;
  browser.page.dispatchEvent(new Event("click"));
  await settle();
  expect(player.plays).toBe(1);
  // Once is enough.
  browser.page.dispatchEvent(new Event("click"));
  await settle();
  expect(player.plays).toBe(1);
  await call.end();
});
