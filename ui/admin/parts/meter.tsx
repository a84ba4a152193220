/** A share of something as a bar, with its words for those who do not see it. */
interface MeterProps {
  readonly label: string;
  /** 0 to 1; more is full. */
  readonly share: number;
}

/** From here on a bar asks for attention. */
const HIGH = 0.9;

export function Meter({ label, share }: MeterProps) {
  const shown = Math.min(1, Math.max(0, share));
  return (
    <span class="meter" role="img" aria-label={label} data-high={share >= HIGH}>
      <span style={{ transform: `scaleX(${shown})` }} />
    </span>
  );
}
