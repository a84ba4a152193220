import { afterEach, describe, expect, it, vi } from "vitest";
import { openTrack } from "./user-media.ts";

afterEach(() => vi.unstubAllGlobals());

function stub(getUserMedia: (constraints: MediaStreamConstraints) => Promise<unknown>): void {
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
}

describe.each([
  ["microphone", "audio"],
  ["camera", "video"],
] as const)("the %s", (device, kind) => {
  it("is refused with an error that says what to do", async () => {
    const codes: Record<string, unknown> = {};
    for (const name of ["NotAllowedError", "NotFoundError", "OverconstrainedError", "NotReadableError", "New"]) {
      stub(() => Promise.reject(new DOMException("", name)));
      codes[name] = await openTrack(kind).catch((error: { code: string }) => error.code);
    }
    expect(codes).toEqual({
      NotAllowedError: `${device}_denied`,
      NotFoundError: `${device}_missing`,
      OverconstrainedError: `${device}_missing`,
      NotReadableError: `${device}_in_use`,
      New: `${device}_in_use`,
    });
  });

  it("is not even asked for in an insecure context", async () => {
    vi.stubGlobal("isSecureContext", false);
    await expect(openTrack(kind)).rejects.toMatchObject({ code: "insecure_context" });
  });
});

async function constraintsAsked(kind: "audio" | "video", ...constraints: object[]): Promise<unknown> {
  const track = { kind };
  const getUserMedia = vi.fn(async (_: MediaStreamConstraints) => ({ getTracks: () => [track] }));
  stub(getUserMedia);
  expect(await openTrack(kind, ...constraints)).toBe(track);
  return getUserMedia.mock.calls[0]?.[0];
}

it("opens a microphone with echo cancellation, unless the stream or the page says otherwise", async () => {
  expect(await constraintsAsked("audio", { noiseSuppression: false }, { deviceId: "usb" })).toEqual({
    audio: { echoCancellation: true, noiseSuppression: false, autoGainControl: true, deviceId: "usb" },
  });
});

it("opens a camera at 1280×720 and 30 frames a second, unless the stream or the page says otherwise", async () => {
  expect(await constraintsAsked("video", { width: { ideal: 640 } }, { deviceId: "usb" })).toEqual({
    video: {
      facingMode: "user",
      width: { ideal: 640 },
      height: { ideal: 720 },
      frameRate: { ideal: 30 },
      deviceId: "usb",
    },
  });
});
