/** The stream's declared inputs, as fields. What changes is sent at once while a call lasts. */
import type { JSX } from "preact";
import type { InputDeclaration, InputDeclarations } from "../../shared/inputs.ts";
import type { Pace } from "../hooks/use-inputs.ts";
import { FileField } from "./file-field.tsx";
import { NumberField } from "./number-field.tsx";

interface InputsProps {
  readonly declared: InputDeclarations;
  readonly values: Readonly<Record<string, unknown>>;
  readonly onChange: (name: string, value: unknown, pace: Pace) => void;
}

export function Inputs({ declared, values, onChange }: InputsProps) {
  // A conversation is no field: pages that keep one send it themselves.
  const shown = Object.entries(declared).filter(([, { kind }]) => kind !== "messages");
  if (shown.length === 0) return null;
  return (
    <fieldset class="inputs" data-testid="inputs">
      <legend class="visually-hidden">Inputs</legend>
      {shown.map(([name, declaration]) => (
        <label key={name} for={`input-${name}`}>
          {declaration.label ?? name}
          <Field
            name={name}
            declaration={declaration}
            value={values[name]}
            onChange={(value, pace = "going") => onChange(name, value, pace)}
          />
        </label>
      ))}
    </fieldset>
  );
}

interface FieldProps {
  readonly name: string;
  readonly declaration: InputDeclaration;
  readonly value: unknown;
  /** Default pace: going. */
  readonly onChange: (value: unknown, pace?: Pace) => void;
}

function Field({ name, declaration, value, onChange }: FieldProps): JSX.Element | null {
  const testId = { id: `input-${name}`, "data-testid": `input-${name}` };
  const text = typeof value === "string" ? value : "";
  switch (declaration.kind) {
    case "slider": {
      const { min, max, step } = declaration;
      return (
        <>
          <input
            type="range"
            {...{ ...testId, min, max, step, value: Number(value) }}
            onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
          />
          <output>{Number(value)}</output>
        </>
      );
    }
    case "number":
      return (
        <NumberField
          id={testId.id}
          declaration={declaration}
          value={Number(value)}
          onChange={(number) => onChange(number, "settled")}
        />
      );
    case "checkbox":
      return (
        <input
          type="checkbox"
          {...testId}
          checked={value === true}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
      );
    case "colour":
      return (
        <input type="color" {...testId} value={text} onInput={({ currentTarget }) => onChange(currentTarget.value)} />
      );
    case "choice":
      return (
        <select {...testId} value={text} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
          {declaration.options.map((option) => (
            // Of itself its value would be the text without the spaces around it.
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      );
    case "text":
    case "secret": {
      const common = { ...testId, maxLength: declaration.maxChars, value: text };
      type Typed = { readonly currentTarget: { readonly value: string } };
      const settle = ({ currentTarget }: Typed) => onChange(currentTarget.value, "settled");
      if (declaration.kind === "secret") {
        // Half a key is no key: it is sent when the field is left.
        const done = ({ currentTarget }: Typed) => onChange(currentTarget.value);
        return <input type="password" autocomplete="off" {...common} onChange={done} />;
      }
      if (declaration.lines > 1) return <textarea {...common} rows={declaration.lines} onInput={settle} />;
      return <input type="text" autocomplete="off" {...common} onInput={settle} />;
    }
    case "file":
      return <FileField id={testId.id} declaration={declaration} value={value} onChange={onChange} />;
    case "messages":
      return null;
  }
}
