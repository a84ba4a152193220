/** The chooser among streams. */
import { type StreamSummary, titleOf } from "../state/streams.ts";
import { ChevronIcon } from "./icons.tsx";

interface StreamSelectProps {
  readonly streams: readonly StreamSummary[];
  readonly stream: string;
  readonly onChange: (stream: string) => void;
}

export function StreamSelect({ streams, stream, onChange }: StreamSelectProps) {
  return (
    <label class="select stream-select">
      <span class="visually-hidden">Stream</span>
      <select data-testid="stream-select" value={stream} onChange={(event) => onChange(event.currentTarget.value)}>
        {streams.map((summary) => (
          <option key={summary.name} value={summary.name}>
            {titleOf(summary)}
          </option>
        ))}
      </select>
      <ChevronIcon />
    </label>
  );
}
