/** An input that is a number. While it is typed it stands as it was typed: of "1.0" on the way to "1.05" a number would make "1". */
import { useState } from "preact/hooks";
import type { InputDeclaration } from "../../shared/inputs.ts";

interface NumberFieldProps {
  readonly id: string;
  readonly declaration: Extract<InputDeclaration, { kind: "number" }>;
  readonly value: number;
  /** Told what is a number within the bounds. */
  readonly onChange: (value: number) => void;
}

export function NumberField({ id, declaration: { min, max }, value, onChange }: NumberFieldProps) {
  /** Null while nobody types. */
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <input
      type="number"
      id={id}
      data-testid={id}
      step="any"
      {...(min !== null && { min })}
      {...(max !== null && { max })}
      value={typed ?? String(value)}
      onInput={({ currentTarget }) => {
        setTyped(currentTarget.value);
        if (currentTarget.checkValidity() && currentTarget.value !== "") onChange(currentTarget.valueAsNumber);
      }}
      onBlur={() => setTyped(null)}
    />
  );
}
