/** The stream's declared outputs, each as what it is. */
import type { JSX } from "preact";
import * as v from "valibot";
import { ChatLine } from "../../shared/inputs.ts";
import {
  type OutputDeclaration,
  type OutputDeclarations,
  type OutputValues,
  outputFault,
} from "../../shared/outputs.ts";
import type { StreamLabels } from "../../shared/stream-ui.ts";
import { nameOf } from "../state/phase.ts";

interface OutputsProps {
  readonly declared: OutputDeclarations;
  readonly values: OutputValues;
  readonly labels: StreamLabels;
}

export function Outputs({ declared, values, labels }: OutputsProps) {
  const entries = Object.entries(declared);
  if (entries.length === 0) return null;
  return (
    <section class="outputs-panel" aria-label="Outputs" data-testid="outputs">
      {entries.map(([name, declaration]) => (
        <figure key={name} class={`output ${declaration.kind}`} data-testid={`output-${name}`}>
          <figcaption>{declaration.label ?? name}</figcaption>
          <Value declaration={declaration} value={values[name] ?? null} labels={labels} />
        </figure>
      ))}
    </section>
  );
}

interface ValueProps {
  readonly declaration: OutputDeclaration;
  readonly value: unknown;
  readonly labels: StreamLabels;
}

function Value({ declaration, value, labels }: ValueProps): JSX.Element {
  const label = declaration.label ?? "";
  // What is no such value is shown as nothing: no address gets into the page that is none of a picture or a sound.
  if (value === null || outputFault(declaration, value) !== null) return <p class="nothing">–</p>;
  switch (declaration.kind) {
    case "text":
      return (
        <p class="text" aria-live="polite">
          {String(value)}
        </p>
      );
    case "number":
      return (
        <p class="figure" aria-live="polite">
          {figureOf(Number(value), declaration.decimals)}
          {declaration.unit !== undefined && <span class="unit"> {declaration.unit}</span>}
        </p>
      );
    case "image":
      return <img src={String(value)} alt={label} />;
    case "audio":
      // biome-ignore lint/a11y/useMediaCaption: what it says is the stream's to write down, in another output.
      return <audio controls src={String(value)} aria-label={label} />;
    case "chat":
      return <Chat lines={v.parse(v.array(ChatLine), value)} labels={labels} />;
    case "json":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard, in every browser.
        <pre tabIndex={0}>
          <code>{JSON.stringify(value, null, 2)}</code>
        </pre>
      );
  }
}

function figureOf(value: number, decimals: number | undefined): string {
  const digits = decimals === undefined ? {} : { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return value.toLocaleString(undefined, digits);
}

function Chat({ lines, labels }: { readonly lines: readonly ChatLine[]; readonly labels: StreamLabels }) {
  return (
    <div class="chat" role="log" aria-live="polite">
      {lines.map(({ role, content }, index) => (
        // Lines have no names of their own: the place is what one is known by.
        <div key={index} class={`line ${role === "user" ? "user" : "assistant"}`}>
          {lines[index - 1]?.role !== role && <p class="speaker">{nameOf(role, labels)}</p>}
          <p class="text">{content}</p>
        </div>
      ))}
    </div>
  );
}
