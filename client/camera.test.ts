import { afterEach, describe, expect, it, vi } from "vitest";
import { openCamera } from "./camera.ts";

afterEach(() => vi.unstubAllGlobals());

function stubCamera(getUserMedia: (constraints: { video: MediaTrackConstraints }) => Promise<unknown>): void {
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
}

describe("the camera", () => {
  it("is refused with an error that says what to do", async () => {
    const codes: Record<string, unknown> = {};
    for (const name of ["NotAllowedError", "NotFoundError", "OverconstrainedError", "NotReadableError"]) {
      stubCamera(() => Promise.reject(new DOMException("", name)));
      codes[name] = await openCamera().catch((error: { code: string }) => error.code);
    }
    expect(codes).toEqual({
      NotAllowedError: "camera_denied",
      NotFoundError: "camera_missing",
      OverconstrainedError: "camera_missing",
      NotReadableError: "camera_in_use",
    });
  });

  it("is not even asked for in an insecure context", async () => {
    vi.stubGlobal("isSecureContext", false);
    await expect(openCamera()).rejects.toMatchObject({ code: "insecure_context" });
  });

  it("is opened at 1280×720 and 30 frames a second, unless the stream or the page says otherwise", async () => {
    const track = { kind: "video" };
    const getUserMedia = vi.fn(async (_: { video: MediaTrackConstraints }) => ({ getVideoTracks: () => [track] }));
    stubCamera(getUserMedia);
    expect(await openCamera({ width: { ideal: 640 } }, { deviceId: "usb" })).toBe(track);
    expect(getUserMedia.mock.calls[0]?.[0].video).toEqual({
      facingMode: "user",
      width: { ideal: 640 },
      height: { ideal: 720 },
      frameRate: { ideal: 30 },
      deviceId: "usb",
    });
  });
});
