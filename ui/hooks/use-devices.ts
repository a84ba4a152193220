/** The microphones or cameras to choose from. Browsers name them only once the page was allowed to use one. */
import { useEffect, useState } from "preact/hooks";

export interface Device {
  readonly id: string;
  readonly label: string;
}

/** @param revision a new value lists them again, such as after the microphone was allowed. */
export function useDevices(kind: "audioinput" | "videoinput", revision: unknown): readonly Device[] {
  const [devices, setDevices] = useState<readonly Device[]>([]);
  useEffect(() => {
    const media: MediaDevices | undefined = navigator.mediaDevices;
    if (media === undefined) return;
    let current = true;
    const list = () => {
      media.enumerateDevices().then(
        (all) => {
          if (current) setDevices(all.filter((device) => device.kind === kind && isNamed(device)).map(toDevice));
        },
        () => setDevices([]),
      );
    };
    list();
    media.addEventListener("devicechange", list);
    return () => {
      current = false;
      media.removeEventListener("devicechange", list);
    };
  }, [kind, revision]);
  return devices;
}

/** Chromium lists its default twice: as `default` and as itself. */
function isNamed({ label, deviceId }: MediaDeviceInfo): boolean {
  return label !== "" && deviceId !== "default" && deviceId !== "communications";
}

function toDevice({ deviceId, label }: MediaDeviceInfo): Device {
  return { id: deviceId, label };
}
