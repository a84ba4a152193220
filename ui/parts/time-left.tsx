/** How much of the time limit is left, as a thin bar and in figures. */
import { useCallback } from "preact/hooks";
import type { Call } from "../../client/index.ts";
import { usePolled } from "../hooks/use-polled.ts";
import { minutesAndSeconds } from "../state/clock.ts";

const REFRESH_MS = 250;
/** From here on it is coloured: time to say goodbye. */
const SOON_MS = 15_000;

interface TimeLeftProps {
  readonly current: () => Call | null;
  readonly limitMs: number;
  readonly connected: boolean;
}

export function TimeLeft({ current, limitMs, connected }: TimeLeftProps) {
  const read = useCallback(() => current()?.remainingMs() ?? null, [current]);
  const remainingMs = usePolled(connected ? read : null, REFRESH_MS);
  if (remainingMs === null) return null;
  return (
    <div class="time-left" data-testid="time-left" data-soon={remainingMs < SOON_MS} role="timer" aria-live="off">
      <span class="bar" style={{ transform: `scaleX(${Math.min(1, remainingMs / limitMs)})` }} />
      <span class="visually-hidden">Time left </span>
      {minutesAndSeconds(remainingMs)}
    </div>
  );
}
