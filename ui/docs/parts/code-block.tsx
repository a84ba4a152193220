/** A snippet: its languages, its code, and a button that copies it. */
import { useEffect, useState } from "preact/hooks";
import { highlight } from "../state/highlight.ts";
import type { Snippet } from "../state/snippets.ts";
import { Segments } from "./segments.tsx";

/** How long the button says what it did. */
const COPIED_MS = 2_000;

interface CodeBlockProps {
  readonly snippets: readonly Snippet[];
  readonly chosen: Snippet;
  readonly onChoose: (label: string) => void;
}

export function CodeBlock({ snippets, chosen, onChoose }: CodeBlockProps) {
  const { code, language, note } = chosen;
  return (
    <section class="code" aria-label="Code">
      <header>
        <Segments
          legend="Code for"
          name="language"
          options={snippets.map(({ label }) => label)}
          value={chosen.label}
          onChange={onChoose}
        />
        <CopyButton key={code} text={code} />
      </header>
      <p class="note">{note}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard has to reach it */}
      <pre tabIndex={0} data-testid="code">
        <code>
          {highlight(code, language).map(({ kind, text }, index) =>
            kind === "plain" ? (
              text
            ) : (
              <span key={index} class={kind}>
                {text}
              </span>
            ),
          )}
        </code>
      </pre>
    </section>
  );
}

const copied = () => "Copied";
const notAllowed = () => "Not allowed";

function CopyButton({ text }: { readonly text: string }) {
  const [said, setSaid] = useState("Copy");
  useEffect(() => {
    if (said === "Copy") return;
    const timer = setTimeout(() => setSaid("Copy"), COPIED_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    // Over plain http browsers have no clipboard at all.
    const clipboard: Clipboard | undefined = navigator.clipboard;
    setSaid(clipboard === undefined ? "Not over http" : await clipboard.writeText(text).then(copied, notAllowed));
  };
  return (
    <button type="button" class="quiet-button" data-testid="copy" onClick={copy}>
      <span aria-live="polite">{said}</span>
    </button>
  );
}
