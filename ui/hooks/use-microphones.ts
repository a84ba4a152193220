/** The microphones to choose from. Browsers name them only once the page was allowed to use one. */
import { useEffect, useState } from "preact/hooks";

export interface Microphone {
  readonly id: string;
  readonly label: string;
}

/** @param revision a new value lists them again, such as after the microphone was allowed. */
export function useMicrophones(revision: unknown): readonly Microphone[] {
  const [microphones, setMicrophones] = useState<readonly Microphone[]>([]);
  useEffect(() => {
    const devices: MediaDevices | undefined = navigator.mediaDevices;
    if (devices === undefined) return;
    let current = true;
    const list = () => {
      devices.enumerateDevices().then(
        (all) => {
          if (current) setMicrophones(all.filter(isNamedMicrophone).map(toMicrophone));
        },
        () => setMicrophones([]),
      );
    };
    list();
    devices.addEventListener("devicechange", list);
    return () => {
      current = false;
      devices.removeEventListener("devicechange", list);
    };
  }, [revision]);
  return microphones;
}

/** Chromium lists its default twice: as `default` and as itself. */
function isNamedMicrophone({ kind, label, deviceId }: MediaDeviceInfo): boolean {
  return kind === "audioinput" && label !== "" && deviceId !== "default" && deviceId !== "communications";
}

function toMicrophone({ deviceId, label }: MediaDeviceInfo): Microphone {
  return { id: deviceId, label };
}
