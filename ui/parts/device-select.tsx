/** A chooser of one microphone or camera. */
import type { Device } from "../hooks/use-devices.ts";
import { ChevronIcon } from "./icons.tsx";

interface DeviceSelectProps {
  /** "Microphone", "Camera". */
  readonly name: string;
  readonly testId: string;
  readonly devices: readonly Device[];
  /** "" is the browser's default. */
  readonly value: string;
  readonly onChange: (id: string) => void;
}

export function DeviceSelect({ name, testId, devices, value, onChange }: DeviceSelectProps) {
  if (devices.length === 0) return null;
  return (
    <label class="select">
      <span class="visually-hidden">{name}</span>
      <select data-testid={testId} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">Default {name.toLowerCase()}</option>
        {devices.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
      <ChevronIcon />
    </label>
  );
}
