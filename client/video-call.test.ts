import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { StreamDescriptor } from "../shared/descriptor.ts";
import { createCall } from "./call.ts";
import type { CallOptions, VideoReport } from "./options.ts";
import type { FakeBrowser } from "./testing/fake-browser.ts";
import { closeFakeBrowser, openFakeBrowser } from "./testing/in-fake-browser.ts";

let browser: FakeBrowser;

beforeEach(() => {
  browser = openFakeBrowser();
});

afterEach(closeFakeBrowser);

const descriptor: StreamDescriptor = {
  ...{ name: "flip", modality: "video", mode: "send-receive", concurrencyLimit: 1, timeLimit: null },
  ...{ allowExtraTracks: false, rtcConfiguration: null, trackConstraints: null, ui: {}, build: 1 },
};

const settle = () => vi.advanceTimersByTimeAsync(0);

async function converse(changes: Partial<StreamDescriptor> = {}, options: CallOptions = {}) {
  const call = createCall({ stream: "flip", descriptor: { ...descriptor, ...changes }, ...options });
  const previews: boolean[] = [];
  const reports: VideoReport[] = [];
  call.on("localVideo", (stream) => previews.push(stream !== null));
  call.on("videoReport", (report) => reports.push(report));
  const started = call.start();
  await settle();
  const connection = browser.connections.at(-1) ?? expect.fail("the call made no connection");
  connection.connect();
  await started;
  return { call, connection, previews, reports };
}

describe("a call with video", () => {
  it("sends the camera and no microphone, shows it, and stops it in the end", async () => {
    const { call, connection, previews } = await converse();
    expect(connection.directions).toEqual(["sendrecv"]);
    expect(browser.tracks.map(({ kind }) => kind)).toEqual(["video"]);
    expect(previews).toEqual([true]);
    call.muteCamera(true);
    expect(browser.tracks[0]?.enabled).toBe(false);
    await call.end();
    expect(browser.tracks[0]?.stopped).toBe(true);
    expect(previews).toEqual([true, false]);
  });

  it("has both where the stream has both, and only watches where it only sends or the options say so", async () => {
    const both = await converse({ modality: "audio-video" });
    expect(browser.tracks.map(({ kind }) => kind)).toEqual(["audio", "video"]);
    expect(both.connection.directions).toEqual(["sendrecv", "sendrecv"]);
    const watching = await converse({ mode: "receive" });
    const unseen = await converse({}, { video: false });
    expect([watching.connection.directions, unseen.connection.directions]).toEqual([["recvonly"], ["recvonly"]]);
    expect(browser.tracks).toHaveLength(2);
    for (const { call } of [both, watching, unseen]) await call.end();
  });

  it("tells how the stream's video fares", async () => {
    const { call, connection, reports } = await converse();
    connection.receive({ type: "video", data: { framesPerSecond: 29.5, dropped: 1, delayMs: 12 } });
    expect(reports).toEqual([{ framesPerSecond: 29.5, dropped: 1, delayMs: 12 }]);
    await call.end();
  });

  it("sends inputs, and says where the edge does not take them", async () => {
    const { call } = await converse();
    browser.reply = () => ({ status: "success" });
    await call.setInputs({ mirror: 0.3 });
    expect(browser.requests.at(-1)).toMatchObject({
      url: "/flip/input_hook",
      body: { mirror: 0.3, webrtc_id: call.info.clientId },
    });
    browser.reply = () => ({ detail: [{ msg: "Input should be less than or equal to 1" }] });
    await expect(call.setInputs({ mirror: 7 })).rejects.toMatchObject({ code: "invalid_inputs" });
    browser.reply = () => ({ status: "failed", meta: { error: "unknown_connection" } });
    await expect(call.setInputs({ mirror: 1 })).rejects.toMatchObject({ code: "unknown_connection" });
    await call.end();
  });
});
