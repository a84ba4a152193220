/** One of a few, all in sight: radio buttons that look like segments, so that arrow keys work. */

interface SegmentsProps<Value extends string> {
  readonly legend: string;
  readonly name: string;
  readonly options: readonly Value[];
  readonly value: Value;
  readonly labels?: Partial<Readonly<Record<Value, string>>>;
  /** Those that make no sense beside what else is chosen. */
  readonly disabled?: (option: Value) => boolean;
  readonly onChange: (value: Value) => void;
}

export function Segments<Value extends string>(props: SegmentsProps<Value>) {
  const { legend, name, options, value, labels, disabled, onChange } = props;
  return (
    <fieldset class="segments" data-testid={`choose-${name}`}>
      <legend>{legend}</legend>
      <div>
        {options.map((option) => (
          <label key={option}>
            <input
              type="radio"
              name={name}
              value={option}
              checked={option === value}
              disabled={disabled?.(option) ?? false}
              onChange={() => onChange(option)}
            />
            <span>{labels?.[option] ?? option}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
