import { afterEach, describe, expect, it, vi } from "vitest";
import { microphoneError, openMicrophone } from "./microphone.ts";

afterEach(() => vi.unstubAllGlobals());

describe("the microphone", () => {
  it("is refused with an error that says what to do", () => {
    const codes = Object.fromEntries(
      ["NotAllowedError", "NotFoundError", "OverconstrainedError", "NotReadableError", "SomethingNew"].map((name) => [
        name,
        microphoneError(new DOMException("", name)).code,
      ]),
    );
    expect(codes).toEqual({
      NotAllowedError: "microphone_denied",
      NotFoundError: "microphone_missing",
      OverconstrainedError: "microphone_missing",
      NotReadableError: "microphone_in_use",
      SomethingNew: "microphone_in_use",
    });
  });

  it("is not even asked for in an insecure context", async () => {
    vi.stubGlobal("isSecureContext", false);
    await expect(openMicrophone()).rejects.toMatchObject({ code: "insecure_context" });
  });

  it("is opened with echo cancellation, unless the stream or the page says otherwise", async () => {
    const track = { kind: "audio" };
    const getUserMedia = vi.fn(async (_: { audio: MediaTrackConstraints }) => ({ getAudioTracks: () => [track] }));
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
    expect(await openMicrophone({ noiseSuppression: false }, { deviceId: "usb" })).toBe(track);
    expect(getUserMedia.mock.calls[0]?.[0].audio).toEqual({
      echoCancellation: true,
      noiseSuppression: false,
      autoGainControl: true,
      deviceId: "usb",
    });
  });
});
