/** The last minutes of a number, as a line. Decoration: the number itself is beside it. */
import { MAX_SAMPLES, pointsOf } from "../state/history.ts";

interface TrendProps {
  readonly samples: readonly number[];
  /** The value at the upper edge: a limit, or a capacity. */
  readonly top: number;
}

export function Trend({ samples, top }: TrendProps) {
  const right = MAX_SAMPLES - 1;
  const points = pointsOf(samples, Math.max(top, ...samples));
  return (
    <svg
      class="trend"
      viewBox={`0 -0.08 ${right} 1.16`}
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      {samples.length > 1 && (
        <>
          <polygon points={`${MAX_SAMPLES - samples.length},1 ${points} ${right},1`} />
          <polyline points={points} vector-effect="non-scaling-stroke" />
        </>
      )}
    </svg>
  );
}
