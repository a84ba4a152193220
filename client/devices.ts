/** Which microphones, cameras and loudspeakers there are, now and whenever that changes. */

/** One that can be chosen: `deviceId` is for `setMicrophone({ deviceId })` and the like. */
export type Device = Pick<MediaDeviceInfo, "deviceId" | "label">;

/** Chromium lists the system's choice again under these names. */
const ALIASES = ["default", "communications"];

/**
 * Tells the devices of a kind at once and whenever one comes or goes. They have names, and are told at all, only once the page may
 * use one: during a call, usually. Nothing is told where the browser gives no devices, as on a server.
 * @returns a function that ends it.
 */
export function watchDevices(kind: MediaDeviceKind, listener: (devices: readonly Device[]) => void): () => void {
  const media = globalThis.navigator?.mediaDevices;
  if (media?.enumerateDevices === undefined) return () => undefined;
  let watching = true;
  const tell = (): void => {
    media.enumerateDevices().then(
      (devices) => {
        const fits = (device: MediaDeviceInfo) =>
          device.kind === kind && device.label !== "" && !ALIASES.includes(device.deviceId);
        if (watching) listener(devices.filter(fits));
      },
      // Not allowed here: there are none.
      () => watching && listener([]),
    );
  };
  media.addEventListener("devicechange", tell);
  tell();
  return () => {
    watching = false;
    media.removeEventListener("devicechange", tell);
  };
}
